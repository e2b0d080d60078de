// A text that a listener hears while it is written.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/text/stop_strings.h"

namespace omma {

// Tells a text piece by piece up to its first stop string, and keeps what was told. Not thread-safe.
class ToldText {
 public:
  using Listener = std::function<bool(std::string_view piece)>;  // hears no empty piece; false: wants no more

  // Throws std::invalid_argument as StopStrings does.
  explicit ToldText(std::vector<std::string> stops, Listener listener = nullptr);

  // Does nothing once no more is wanted.
  void push(std::string_view piece);

  // At the text's end: tells what was held back, since it could have become a stop string.
  void finish();

  bool wants_more() const { return !stopped() && !cancelled_; }
  bool stopped() const { return stops_.met(); }  // by a stop string
  bool cancelled() const { return cancelled_; }  // by the listener
  const std::string& text() const { return text_; }

 private:
  void tell(const std::string& piece);

  StopStrings stops_;
  Listener listener_;
  std::string text_;
  bool cancelled_ = false;
};

}  // namespace omma
