// Byte-pair encoding (Sennrich et al. 2016): characters joined by merges, those learnt first first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "omma/text/token_model.h"

namespace omma {

struct BpeConfig {
  std::optional<std::string> unk_token;                  // for characters without a token; without it they are dropped
  std::optional<std::string> continuing_subword_prefix;  // before characters that do not begin a word
  std::optional<std::string> end_of_word_suffix;         // after a word's last character
  bool fuse_unk = false;                                 // one unk_token for several unknown characters in a row
  bool byte_fallback = false;                            // unknown characters as their bytes <0x00>..<0xFF>, where all have tokens
  bool ignore_merges = false;                            // a word that is a token is that token, whatever the merges give

  template <class Fields>
  void fields(Fields& field) {
    field("unk_token", unk_token);
    field("continuing_subword_prefix", continuing_subword_prefix);
    field("end_of_word_suffix", end_of_word_suffix);
    field("fuse_unk", fuse_unk);
    field("byte_fallback", byte_fallback);
    field("ignore_merges", ignore_merges);
  }
};

class Bpe : public TokenModel {
 public:
  // The "model" of a tokenizer.json. Merges are "left right" or ["left", "right"]; both and their joint must be tokens.
  // tokenize() throws std::invalid_argument for an unknown character where the unk_token is not in the vocabulary.
  Bpe(const json& object, const std::string& where);
  void tokenize(std::string_view word, std::vector<WordToken>& tokens) const override;

 private:
  struct Merge {
    std::uint32_t rank;  // place in the list of merges
    std::int32_t id;     // of the joint token
  };
  struct Symbol;

  void add_merge(const json& merge, std::uint32_t rank, const std::string& where);
  void check_byte_tokens(const json& vocabulary, const std::string& where) const;
  std::vector<Symbol> symbols_of(std::string_view word) const;
  bool add_bytes(std::string_view character, std::vector<Symbol>& symbols) const;
  void merge_symbols(std::vector<Symbol>& symbols) const;
  const Merge* find_merge(std::int32_t left, std::int32_t right) const;

  BpeConfig config_;
  std::optional<std::int32_t> unk_id_;                 // byte-level files may name an unk_token that they neither have nor need
  std::vector<std::optional<std::int32_t>> byte_ids_;  // 256 with byte_fallback, else none
  std::unordered_map<std::uint64_t, Merge> merges_;    // by left id << 32 | right id
};

}  // namespace omma
