// What a model's directory says of its tokenizer beside the vocabulary, as transformers reads it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/text/added_tokens.h"
#include "omma/text/token_table.h"

namespace omma {

struct TokenizerConfig {
  json fields = json::object();             // of tokenizer_config.json
  std::map<std::string, AddedToken> named;  // special tokens by their names: "bos_token"
  std::vector<AddedToken> listed;           // special tokens without names
  std::vector<AddedToken> added;            // with the ids that they have beside the vocabulary or in it
};

// Of tokenizer_config.json and, where that has no "added_tokens_decoder", special_tokens_map.json and added_tokens.json; each may
// lack. Throws std::invalid_argument that names the file.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& directory);

// Throws std::invalid_argument where the config names another class ("GPT2Tokenizer"; "Fast" behind it is the same).
void check_tokenizer_class(const TokenizerConfig& config, const std::string& expected, const std::filesystem::path& directory);

// The added tokens of a tokenizer by id: the config's and, where it does not have them, the vocabulary's `own`. Tokens whose id is
// not told have the vocabulary's, else the next free one.
std::vector<AddedToken> added_tokens_of(const TokenizerConfig& config, const TokenTable& vocabulary,
                                        const std::vector<AddedToken>& own = {});

}  // namespace omma
