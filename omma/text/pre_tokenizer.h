// The "pre_tokenizer" of a tokenizer.json: cuts a text into words.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/text/aligned_text.h"

namespace omma {

// A piece in, the pieces it is cut into out (appended; empty ones are dropped).
using PreTokenizer = std::function<void(AlignedText piece, std::vector<AlignedText>& pieces)>;

// The steps in order, none for null. Built: BertPreTokenizer, ByteLevel, Metaspace, Split, Whitespace, WhitespaceSplit,
// Punctuation, Digits and Sequence of these. Throws std::invalid_argument, beginning with `where`, for others, and for sequences
// too long or too deep (see component_list.h).
std::vector<PreTokenizer> read_pre_tokenizers(const json& object, const std::string& where);

}  // namespace omma
