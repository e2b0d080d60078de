// WordPiece (Schuster and Nakajima 2012, as in BERT): the longest token that begins the rest of the word, again and again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "omma/text/token_model.h"

namespace omma {

struct WordPieceConfig {
  std::string unk_token = "[UNK]";               // for words that the vocabulary cannot spell
  std::string continuing_subword_prefix = "##";  // of tokens that do not begin a word
  std::int64_t max_input_chars_per_word = 100;   // longer words are unk_token

  template <class Fields>
  void fields(Fields& field);
};

class WordPiece : public TokenModel {
 public:
  // The "model" of a tokenizer.json.
  WordPiece(const json& object, const std::string& where);
  void tokenize(std::string_view word, std::vector<WordToken>& tokens) const override;

 private:
  WordPieceConfig config_;
  std::int32_t unk_id_;
};

}  // namespace omma
