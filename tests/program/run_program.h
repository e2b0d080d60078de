// Runs the program and keeps what it wrote.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
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

// One word for a POSIX shell.
inline std::string shell_word(std::string_view text) {
  std::string word(1, '\'');
  for (const char c : text) {
    if (c == '\'') word.append("'\\'");
    word.push_back(c);
  }
  word.push_back('\'');
  return word;
}

// The program with these arguments as a POSIX shell reads it; `environment`: "NAME=value" to set beside what is there; `input`: the
// file that is stdin.
inline std::string command_line(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {},
                                const std::string& input = "/dev/null") {
  std::string command = "env";
  for (const std::string& variable : environment) command += fmt::format(" {}", shell_word(variable));
  command += fmt::format(" {}", shell_word(OMMA_PROGRAM));
  for (const std::string& argument : arguments) command += fmt::format(" {}", shell_word(argument));
  return command + " <" + shell_word(input);
}

inline Run run_shell(const std::string& commands) {
  const TemporaryDirectory directory;
  const int status = std::system(
      fmt::format("( {}\n ) >{} 2>{}", commands, shell_word((directory / "out").string()), shell_word((directory / "err").string()))
          .c_str());
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .out = read_file(directory / "out"),
          .err = read_file(directory / "err")};
}

inline Run run_program(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {},
                       const std::string& input = "/dev/null") {
  return run_shell(command_line(arguments, environment, input));
}

// Runs it and ends it with SIGKILL as soon as the file is there.
inline void kill_at(const std::filesystem::path& file, std::vector<std::string> arguments) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char*> argv = {const_cast<char*>(OMMA_PROGRAM)};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv(OMMA_PROGRAM, argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (!std::filesystem::exists(file) && ::waitpid(child, &status, WNOHANG) == 0) ::usleep(500);
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended before it was killed";
}

}  // namespace omma::testing
