// The "normalizer" of a tokenizer.json: rewrites a text before it is cut into words.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/text/aligned_text.h"

namespace omma {

using Normalizer = std::function<void(AlignedText&)>;

// The steps in order, none for null. Built: BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend,
// Nmt, Precompiled (charsmap.h) and Sequence of these. Throws std::invalid_argument, beginning with `where`, for others, and for
// sequences too long or too deep (see component_list.h).
std::vector<Normalizer> read_normalizers(const json& object, const std::string& where);

}  // namespace omma
