// A template as tokens, its white space trimmed as transformers sets Jinja up: trim_blocks and lstrip_blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace omma::jinja {

enum class TokenKind { data, variable_begin, variable_end, block_begin, block_end, name, text, integer, real, sign, end };

struct Token {
  TokenKind kind;
  std::string text;  // of data and text: what it means; of names and signs: as written
  int line;
  std::int64_t integer = 0;
  double real = 0;
};

// The last token is the end. Throws std::invalid_argument; `line` is then where.
std::vector<Token> tokenize(std::string_view source, int& line);

}  // namespace omma::jinja
