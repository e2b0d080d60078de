#include "apps/line_editor.h"

#include <histedit.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>

#include "apps/process.h"

namespace omma::app {
namespace {

constexpr int kept_lines = 1000;

std::string without_end(std::string line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return line;
}

}  // namespace

struct LineEditor::Terminal {
  explicit Terminal(const std::string& prompt)
      : edit(el_init("omma", stdin, stderr, stderr), el_end), past(history_init(), history_end), shown(prompt) {
    HistEvent event;
    history(past.get(), &event, H_SETSIZE, kept_lines);
    history(past.get(), &event, H_SETUNIQUE, 1);
    el_set(edit.get(), EL_CLIENTDATA, this);
    el_set(edit.get(), EL_PROMPT, prompt_of);
    el_set(edit.get(), EL_EDITOR, "emacs");
    el_set(edit.get(), EL_HIST, history, past.get());
    el_source(edit.get(), nullptr);  // the user's ~/.editrc
  }

  static char* prompt_of(EditLine* edit) {
    Terminal* self = nullptr;
    el_get(edit, EL_CLIENTDATA, &self);
    return self->shown.data();
  }

  std::unique_ptr<EditLine, decltype(&el_end)> edit;
  std::unique_ptr<History, decltype(&history_end)> past;
  std::string shown;
};

LineEditor::LineEditor(std::string prompt) : is_terminal_(isatty(STDIN_FILENO) != 0), prompt_(std::move(prompt)) {
  if (is_terminal_ && isatty(STDERR_FILENO) != 0) terminal_ = std::make_unique<Terminal>(prompt_);
}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() {
  if (!terminal_) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return without_end(line);
  }
  int count = 0;
  errno = 0;
  const char* typed = el_gets(terminal_->edit.get(), &count);
  if (typed == nullptr || count <= 0) {
    const bool interrupted = count < 0 && errno == EINTR;
    el_reset(terminal_->edit.get());
    write_stderr("\n");
    return interrupted ? std::optional<std::string>("") : std::nullopt;
  }
  std::string line = without_end(typed);
  HistEvent event;
  if (!line.empty()) history(terminal_->past.get(), &event, H_ENTER, line.c_str());
  return line;
}

}  // namespace omma::app
