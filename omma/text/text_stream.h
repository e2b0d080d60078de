// Text of a growing list of ids, in pieces that are whole characters: what a chat prints while the model still writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "omma/text/tokenizer.h"

namespace omma {

// The pieces joined are decode() of all ids pushed, save that bytes which never become a character may be told as U+FFFD in other
// places. Not thread-safe; keeps its own copy of the (shared) tokenizer.
class TextStream {
 public:
  explicit TextStream(Tokenizer tokenizer, bool skip_special_tokens = true);

  // The text that `id` completes; "" where a character is still unfinished.
  std::string push(std::int32_t id);

  // What is left at the end of the ids: unfinished characters, as U+FFFD. The stream is then empty and may start again.
  std::string finish();

 private:
  std::string emit();

  Tokenizer tokenizer_;
  bool skip_special_tokens_;
  std::vector<std::int32_t> ids_;  // the tokens of the last piece, for context, and those after it
  std::size_t told_ = 0;           // how many of ids_ belong to pieces already returned
};

}  // namespace omma
