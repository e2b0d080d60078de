// Without libedit lines come as they are.
#include <unistd.h>

#include <iostream>

#include "apps/line_editor.h"
#include "apps/process.h"

namespace omma::app {

struct LineEditor::Terminal {};

LineEditor::LineEditor(std::string prompt) : is_terminal_(isatty(STDIN_FILENO) != 0), prompt_(std::move(prompt)) {}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() {
  if (is_terminal_) write_stderr(prompt_);
  std::string line;
  if (!std::getline(std::cin, line)) {
    const bool interrupted = is_terminal_ && !std::cin.eof();
    std::cin.clear();
    return interrupted ? std::optional<std::string>("") : std::nullopt;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

}  // namespace omma::app
