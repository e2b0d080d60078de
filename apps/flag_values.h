// What the program's flags take.
#pragma once

#include <CLI/CLI.hpp>

namespace omma::app {

// Gives every flag of the app and its commands the limits of its name: a number is finite and in a range, wherever the flag stands,
// and what names a file or directory is not empty. Called when all commands are there.
void limit_flag_values(CLI::App& app);

}  // namespace omma::app
