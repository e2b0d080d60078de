// SentencePiece models (Kudo and Richardson 2018), tokenizer.model, as LLaMA's, Vicuna's and Mistral's first directories hold them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "omma/base/json.h"
#include "omma/text/sentencepiece_model.h"

namespace omma {

// Fields of LLaMA's tokenizer_config.json.
struct SentencePieceOptions {
  bool legacy = true;         // a blank begins the text and every part of it behind a special token, not the text alone
  bool add_bos_token = true;  // the template of a text
  bool add_eos_token = false;
  std::map<std::string, std::int64_t> added_tokens = {};  // beside the model's pieces: "<image>": 32000. Special ones
  std::string bos_token = "<s>";
  std::string eos_token = "</s>";

  template <class Fields>
  void fields(Fields& field) {
    field("legacy", legacy);
    field("add_bos_token", add_bos_token);
    field("add_eos_token", add_eos_token);
  }
};

// The tokenizer.json that a byte-pair model with byte pieces amounts to, as transformers makes one. Throws std::invalid_argument,
// beginning with `where`, for what is no model, for one of another kind (unigram), and for pieces that repeat.
json sentencepiece_tokenizer(std::string_view model, const SentencePieceOptions& options, const std::string& where);

// The same of a model that was read and found valid.
json sentencepiece_tokenizer(const SentencePieceModel& model, const SentencePieceOptions& options, const std::string& where);

// The same of a directory: tokenizer.model, tokenizer_config.json, added_tokens.json. `legacy` instead of what the config says.
json read_sentencepiece_tokenizer(const std::filesystem::path& directory, std::optional<bool> legacy = {});

}  // namespace omma
