// Texts by characters, as Python's str has them.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "omma/text/jinja/budget.h"
#include "omma/text/utf8.h"

namespace omma::jinja {

bool is_space(char32_t code);  // str.isspace
std::size_t character_count(std::string_view text);
std::size_t byte_of(std::string_view text, std::size_t character);  // where it begins; the text's size beyond its end

// [begin, end) without the characters at either end that `drops` says.
struct Sides {
  bool left = true;
  bool right = true;
};
template <class Drops>
TextSpan strip(std::string_view text, Sides sides, Drops&& drops) {
  std::size_t begin = 0, end = text.size();
  while (sides.left && begin < end && drops(decode_utf8(text, begin).code)) begin += utf8_size(text[begin]);
  while (sides.right && begin < end) {
    std::size_t last = end - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    if (!drops(decode_utf8(text, last).code)) break;
    end = last;
  }
  return {begin, end};
}

// Full case mappings but those of Greek letters with an iota below and a few rarer ones; Python's final sigma.
MarkedText to_upper(Budget& budget, const MarkedText& text);
MarkedText to_lower(Budget& budget, const MarkedText& text);
MarkedText to_capitalized(Budget& budget, const MarkedText& text);   // str.capitalize
MarkedText to_title(Budget& budget, const MarkedText& text);         // str.title
MarkedText to_filter_title(Budget& budget, const MarkedText& text);  // Jinja's filter, whose words end at spaces and brackets only

// Whether the text is not empty and all its characters are of a class; in "upper" and "lower" those without case do not count.
enum class CharacterClass { alphabetic, alphanumeric, digit, space, upper, lower };
bool all_are(std::string_view text, CharacterClass wanted);

}  // namespace omma::jinja
