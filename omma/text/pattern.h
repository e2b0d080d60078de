// What a tokenizer splits or replaces by: a literal string or a regular expression.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"

namespace omma {

// A part of a text; the parts of one text cover it in order, without gaps.
struct TextPart {
  std::uint32_t begin;
  std::uint32_t end;
  bool matches;
};

// Regular expressions are Oniguruma's in its Ruby syntax, as the `tokenizers` library has them; what PCRE2 reads otherwise is
// translated (\s, \w, ^ and $ at line ends) or refused (set operations in brackets, inline options other than i).
// Immutable; const members may be called from several threads.
class Pattern {
 public:
  static Pattern literal(std::string text);  // not empty
  // Throws std::invalid_argument, beginning with `where`, for an expression that is malformed or over 64 KiB.
  static Pattern regex(std::string_view expression, std::string_view where);
  // {"String": "..."} or {"Regex": "..."}.
  static Pattern from_json(const json& object, const std::string& where);

  // The matches of a valid UTF-8 text and what lies between them. Throws std::invalid_argument where a match needs more steps
  // than a limit that grows with the text's length: a hostile expression ends in an error, never in a hang.
  std::vector<TextPart> split(std::string_view text) const;

 private:
  struct Code;
  explicit Pattern(std::string literal, std::shared_ptr<const Code> code) : literal_(std::move(literal)), code_(std::move(code)) {}
  std::string literal_;
  std::shared_ptr<const Code> code_;  // nullptr for a literal
};

}  // namespace omma
