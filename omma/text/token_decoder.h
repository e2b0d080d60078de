// The "decoder" of a tokenizer.json: turns tokens back into text.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "omma/base/json.h"

namespace omma {

// Rewrites the list of tokens; joined at the end, they are the text.
using TokenDecoder = std::function<void(std::vector<std::string>& tokens)>;

// The steps in order, none for null. Built: WordPiece, ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip and Sequence of
// these. Throws std::invalid_argument, beginning with `where`, for others, and for sequences too long or too deep (see
// component_list.h).
std::vector<TokenDecoder> read_token_decoders(const json& object, const std::string& where);

}  // namespace omma
