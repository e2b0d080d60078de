// omma help, and what is told of arguments that the parser refuses.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace omma::app {

// omma help [COMMAND...]
void add_help(CLI::App& app);

// Two lines: what is wrong with the arguments, naming the command or flag that was probably meant, and where to read on. The
// parser's own words where it is something else.
std::string mistake_in(const CLI::App& app, const std::vector<std::string>& arguments, const std::string& parser_says);

}  // namespace omma::app
