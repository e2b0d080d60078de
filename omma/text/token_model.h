// A vocabulary that cuts words into tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/json.h"
#include "omma/text/token_table.h"

namespace omma {

struct WordToken {
  std::int32_t id;
  std::uint32_t begin;  // [begin, end) in bytes of the word
  std::uint32_t end;
};

// Immutable after construction; const members may be called from several threads.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  // Appends the tokens of a word of valid UTF-8.
  virtual void tokenize(std::string_view word, std::vector<WordToken>& tokens) const = 0;
  const TokenTable& vocabulary() const { return vocabulary_; }

 protected:
  // Reads the field "vocab", an object of tokens and ids.
  TokenModel(const json& object, const std::string& where);
  explicit TokenModel(TokenTable vocabulary) : vocabulary_(std::move(vocabulary)) {}

 private:
  TokenTable vocabulary_;
};

// The "model" of a tokenizer.json: BPE, Unigram or WordPiece, by its type or, without one, by its fields. Throws
// std::invalid_argument, beginning with `where`.
std::unique_ptr<TokenModel> read_token_model(const json& object, const std::string& where);

}  // namespace omma
