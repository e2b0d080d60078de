// The program but for its process: what it does with a command line.
#pragma once

namespace omma::app {

// Runs the command that the arguments name (argv[0] is the program itself) and returns the exit status; what is wrong is told on
// stderr. One call at a time: a command sets the threads, the log and the progress line of the process.
int run_program(int argc, char** argv);

}  // namespace omma::app
