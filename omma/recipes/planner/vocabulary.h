// The planner's tokenizer: whole words where it knows them, single bytes where it does not, so that it can copy any name; each
// digit is a token.
#pragma once

#include <string_view>

#include "omma/base/json.h"

namespace omma {

inline constexpr int planner_end_token = 0;  // "<|end|>" ends a text

// The contents of a tokenizer.json: a byte-level BPE without merges whose vocabulary is the 256 bytes and every word used at least
// 8 times in 12,000 traces that name no unknown objects, drawn with a fixed seed; questions that are not about pictures add none.
// Loads in `tokenizers` too.
json planner_tokenizer();

}  // namespace omma
