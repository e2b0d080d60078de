// Runs the program and keeps what it wrote.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "tests/temporary_directory.h"

namespace omma::testing {

struct Run {
  int status = -1;  // exit status; -1 where a signal ended it
  std::string out;
  std::string err;

  // The lines of stdout, each a JSON object.
  std::vector<json> lines() const {
    std::vector<json> objects;
    std::istringstream stream(out);
    for (std::string line; std::getline(stream, line);) objects.push_back(parse_json(line, "stdout"));
    return objects;
  }
};

inline Run run_program(const std::vector<std::string>& arguments) {
  const TemporaryDirectory directory;
  const auto quoted = [](const std::string& text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
  };
  std::string command = quoted(OMMA_PROGRAM);
  for (const std::string& argument : arguments) command += " " + quoted(argument);
  command += " >" + quoted((directory / "out").string()) + " 2>" + quoted((directory / "err").string()) + " </dev/null";
  const int status = std::system(command.c_str());
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .out = read_file(directory / "out"),
          .err = read_file(directory / "err")};
}

}  // namespace omma::testing
