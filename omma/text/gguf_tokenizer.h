// The tokenizers of GGUF files (llama.cpp's format): what the metadata says of a vocabulary, as a tokenizer.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/text/tokenizer.h"

namespace omma {

// Metadata of a file, named as it is there under "tokenizer.ggml."; empty or unset where the file has none.
struct GgufVocabulary {
  std::string model;                     // "gpt2": byte-level BPE; "llama": SentencePiece's
  std::string pre;                       // gpt2's way to cut a text into words: "default" (or ""), "gpt-2", "llama-bpe" ...
  std::vector<std::string> tokens;       // by id
  std::vector<std::int32_t> token_type;  // numbers of SentencePiece::Type, one a token; empty: all are normal
  std::vector<float> scores;             // llama's, one a token: what scores highest is joined first
  std::vector<std::string> merges;       // gpt2's, "left right"
  std::optional<std::int64_t> bos_token_id;
  std::optional<std::int64_t> eos_token_id;
  std::optional<std::int64_t> unknown_token_id;
  std::optional<std::int64_t> padding_token_id;
  std::optional<bool> add_bos_token;
  std::optional<bool> add_eos_token;
  std::optional<bool> add_space_prefix;  // llama's: a blank begins the text and every part of it behind a special token
  std::string chat_template;             // "tokenizer.chat_template"
};

// The tokenizer.json that gives the ids that llama.cpp gives; transformers' PreTrainedTokenizerFast loads it. What is unset is as
// llama.cpp has it: ids 1, 2 and 0 of llama's <s>, </s> and <unk>; <s> before texts of llama, llama-bpe and tekken.
//
// It differs from llama.cpp on purpose in these:
// - llama-bpe and tekken cut words by the expressions of the models' own tokenizer.json, of which llama.cpp's are approximations
//   (tekken: marks and capitals beyond ASCII; llama-bpe: "'\u017f" as "'s").
// - Where one added token ends in what another one begins with, the first in the text is found, as in the models' own; llama.cpp
//   finds the longest first.
// - A byte that has no token is dropped before its neighbours are joined, as in the models' own; llama.cpp drops it behind that.
// - Pieces of llama that are not normal are found in the text or not at all: no merges make "</s>" out of what a user wrote.
// - Where scores tie, the smaller id is joined first, which is the order in which the pieces were learnt; llama.cpp goes by place.
//
// Throws std::invalid_argument that begins with `where` (the file) and names the key, for other models and pre-tokenizers and for
// a vocabulary that is malformed: counts that differ, tokens that repeat or are no UTF-8, merges of unknown tokens, ids out of
// range.
json gguf_tokenizer_json(const GgufVocabulary& vocabulary, const std::string& where);

// The tokenizer_config.json that belongs beside it.
json gguf_tokenizer_config_json(const GgufVocabulary& vocabulary, const std::string& where);

// The tokenizer itself.
Tokenizer gguf_tokenizer(const GgufVocabulary& vocabulary, const std::string& where);

}  // namespace omma
