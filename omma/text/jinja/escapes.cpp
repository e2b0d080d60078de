#include "omma/text/jinja/escapes.h"

#include <charconv>

#include "omma/base/error.h"
#include "omma/text/utf8.h"

namespace omma::jinja {

namespace {

// Appends the character whose number begins at `at` and moves behind it.
void append_number(std::string& text, std::string_view literal, std::size_t& at, std::size_t digits, int base) {
  std::uint32_t code = 0;
  const std::string_view number = literal.substr(at, digits);
  const auto read = std::from_chars(number.data(), number.data() + number.size(), code, base);
  const bool complete = base == 8 ? read.ptr != number.data() : number.size() == digits && read.ptr == number.data() + digits;
  check(complete && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF), "the escape of '{}' is no character", literal);
  append_utf8(text, code);
  at += static_cast<std::size_t>(read.ptr - number.data());
}

}  // namespace

std::string unescaped(std::string_view literal) {
  static constexpr std::string_view kLetters = "abfnrtv\\'\"", kMeanings = "\a\b\f\n\r\t\v\\'\"";
  std::string text;
  for (std::size_t i = 0; i < literal.size();) {
    if (literal[i] != '\\') {
      text += literal[i++];
      continue;
    }
    const char letter = literal[++i];  // a literal never ends with a lone backslash
    const std::size_t simple = kLetters.find(letter);
    check(letter != 'N' && static_cast<unsigned char>(letter) < 0x80, "the escape '\\{}' is not one that omma knows",
          letter == 'N' ? "N" : "");
    if (letter >= '0' && letter <= '7') {
      append_number(text, literal, i, 3, 8);
      continue;
    }
    ++i;
    if (letter == '\n') continue;
    if (simple != std::string_view::npos) {
      text += kMeanings[simple];
    } else if (letter == 'x' || letter == 'u' || letter == 'U') {
      append_number(text, literal, i, letter == 'x' ? 2 : letter == 'u' ? 4 : 8, 16);
    } else {
      text += '\\';
      text += letter;
    }
  }
  return text;
}

}  // namespace omma::jinja
