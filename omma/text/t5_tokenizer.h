// The tokenizer.json that T5's SentencePiece model amounts to, spiece.model (Raffel et al. 2020; Flan-T5's too).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "omma/base/json.h"
#include "omma/text/tokenizer_config.h"

namespace omma {

// A unigram model with its normalizer's rules, "extra_ids" of the config (100 without) special tokens <extra_id_0>, ... behind its
// pieces, the last first, and </s> behind a text: as transformers 5 converts it. Control and user-defined pieces are found in a
// text before the model sees it. Throws std::invalid_argument, beginning with `where`, for what is no such model.
json t5_tokenizer(std::string_view model, const TokenizerConfig& config, const std::string& where);

// The same of a directory. Throws std::invalid_argument for other tokenizers with such a file (ALBERT's, XLNet's), too.
json read_t5_tokenizer(const std::filesystem::path& directory);

}  // namespace omma
