// The reasoning that many language models write into their text: "<think>The format says Action: ...</think>Action: ...". It is not
// what they say: markers in it must not run, and it is no answer.
#pragma once

#include <string>
#include <string_view>

namespace omma {

// Takes a text piece by piece and gives back what stands outside its reasoning. Not thread-safe.
class ThinkingFilter {
 public:
  // What is certain to be said: of a tag that may be only half there, nothing.
  std::string push(std::string_view piece);

  // At the text's end: what was held back. Reasoning that was never closed is dropped.
  std::string finish();

  bool thought() const { return thought_; }          // a reasoning began
  bool inside() const { return !closing_.empty(); }  // ... and has not ended

 private:
  std::string pending_;
  std::string_view closing_;  // the tag that ends the reasoning, empty outside
  bool thought_ = false;
  bool said_ = false;  // something outside: blanks between a reasoning and the first word are dropped
};

// A whole text without its reasoning. Templates may put the opening tag into the prompt: what stands before a closing tag that was
// never opened is reasoning, too.
std::string without_thinking(std::string_view text);

}  // namespace omma
