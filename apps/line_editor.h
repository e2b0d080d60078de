// Lines that somebody types: with editing and history on a terminal, as they come otherwise.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace omma::app {

class LineEditor {
 public:
  explicit LineEditor(std::string prompt);  // shown on a terminal only
  ~LineEditor();

  // Without its end. nullopt at the end of the input; "" also for a line that Ctrl-C dropped.
  std::optional<std::string> read();

  bool is_terminal() const { return is_terminal_; }

 private:
  struct Terminal;
  bool is_terminal_;
  std::string prompt_;
  std::unique_ptr<Terminal> terminal_;  // null: no terminal, or none that can be edited on
};

}  // namespace omma::app
