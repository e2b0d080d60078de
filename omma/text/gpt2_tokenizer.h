// The tokenizer.json that GPT-2's files amount to, vocab.json and merges.txt, which OPT's directories have as well.
#pragma once

#include <filesystem>

#include "omma/base/json.h"

namespace omma {

// Whether the directory has both files.
bool has_gpt2_files(const std::filesystem::path& directory);

// As transformers' GPT2Tokenizer reads them, with the fields add_prefix_space, add_bos_token (OPT: </s> before a text) and
// add_eos_token of tokenizer_config.json. Throws std::invalid_argument that names the file; so for directories of other tokenizers
// with such files (CLIP's, RoBERTa's), which cut words otherwise.
json read_gpt2_tokenizer(const std::filesystem::path& directory);

}  // namespace omma
