// The program as a process: descriptors, signals, and a standard output that is not lost in silence.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace omma::app {

// To be called before anything is opened or printed. A stdin, stdout or stderr that was closed becomes /dev/null, so that no file
// opened later takes its number; what is printed to a closed stdout fails. A file that grows over `ulimit -f` and a pipe that
// nobody reads are errors of the write that meets them, where by default they would kill the process amid its work.
void prepare_process();

// All of it, or throws std::system_error. Not fmt::print: where a full buffer cannot be written, fmt 12.1 puts a byte before it.
void write_stdout(std::string_view text);

template <class... Values>
void print(fmt::format_string<Values...> text, Values&&... values) {
  write_stdout(fmt::format(text, std::forward<Values>(values)...));
}

// For people. What stderr does not take is dropped: no work ends for a message.
void write_stderr(std::string_view text);

// Tells that stdout did not take what was printed (`error` is the errno of it; 0: unknown), unless its reader has gone, who wants
// no more: `omma ... | head` ends quietly. Returns the exit status.
int stdout_failure(int error);

// To be called at the end: `status`, or that of a failure where what is printed does not reach its place.
int close_stdout(int status);

}  // namespace omma::app
