// Runs the program and keeps what it wrote.
#pragma once

#include <fcntl.h>
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

// Waits for it, a minute at most.
template <class Condition>
bool comes_true(const Condition& condition) {
  for (int i = 0; i < 60000; ++i) {
    if (condition()) return true;
    ::usleep(1000);
  }
  return false;
}

// The program with a pipe for its stdin, into which a test types, and a file for its stdout.
class TypedProgram {
 public:
  TypedProgram(std::vector<std::string> arguments, const std::filesystem::path& out) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const int file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    std::vector<char*> argv = {const_cast<char*>(OMMA_PROGRAM)};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[0], STDIN_FILENO);
      ::dup2(file, STDOUT_FILENO);
      ::execv(OMMA_PROGRAM, argv.data());
      ::_exit(127);
    }
    ::close(ends[0]);
    ::close(file);
    input_ = ends[1];
  }
  ~TypedProgram() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    end();
  }
  TypedProgram(const TypedProgram&) = delete;
  TypedProgram& operator=(const TypedProgram&) = delete;

  void type(std::string_view text) const {
    EXPECT_EQ(::write(input_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void send(int signal) const { ::kill(child_, signal); }

  // No more input; the exit status, or -1 where a signal ended it.
  int end() {
    ::close(input_);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_ = 0;
  int input_ = -1;
};

}  // namespace omma::testing
