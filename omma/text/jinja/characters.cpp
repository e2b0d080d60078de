#include "omma/text/jinja/characters.h"

#include <algorithm>
#include <string>

#include "omma/text/unicode.h"

namespace omma::jinja {

bool is_space(char32_t code) { return (code >= 0x1C && code <= 0x1F) || is_white_space(code); }

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

std::size_t byte_of(std::string_view text, std::size_t character) {
  std::size_t at = 0;
  for (; character > 0 && at < text.size(); --character) at += utf8_size(text[at]);
  return at;
}

namespace {

bool is_cased(char32_t code) { return is_upper(code) || is_lower(code) || title_case(code) != code; }

bool is_case_ignorable(char32_t code) {
  return is_mark(code) || code == '\'' || code == '.' || code == ':' || code == '^' || code == '`' || code == 0xA8 ||
         code == 0xAD || code == 0xB7 || code == 0x2019;
}

// Whether the nearest character with case, going by `step`, is next to `at` but for ignorable ones.
bool cased_beside(std::string_view text, std::size_t at, bool after) {
  const auto kept = [](char32_t code) { return is_case_ignorable(code); };
  if (!after) {
    const TextSpan rest = strip(text.substr(0, at), {.left = false}, kept);
    if (rest.end == 0) return false;
    std::size_t last = rest.end - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    return is_cased(decode_utf8(text, last).code);
  }
  const std::string_view following = text.substr(at + utf8_size(text[at]));
  const TextSpan rest = strip(following, {.right = false}, kept);
  return rest.begin < following.size() && is_cased(decode_utf8(following, rest.begin).code);
}

constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;

void append_lower(std::string& out, std::string_view text, std::size_t at) {
  const char32_t code = decode_utf8(text, at).code;
  if (code == kCapitalSigma && cased_beside(text, at, false) && !cased_beside(text, at, true)) return append_utf8(out, kFinalSigma);
  const LowerCase lower = lower_case(code);
  append_utf8(out, lower.first);
  if (lower.second != 0) append_utf8(out, lower.second);
}

// Characters that become several in upper case; in a title only the first of these is upper.
struct LongUpper {
  char32_t code;
  std::string_view upper, title;
};
constexpr LongUpper kLongUpper[] = {{0xDF, "SS", "Ss"},     {0x149, "ʼN", "ʼN"},  {0x1F0, "J̌", "J̌"},    {0x587, "ԵՒ", "Եւ"},
                                    {0xFB00, "FF", "Ff"},   {0xFB01, "FI", "Fi"}, {0xFB02, "FL", "Fl"}, {0xFB03, "FFI", "Ffi"},
                                    {0xFB04, "FFL", "Ffl"}, {0xFB05, "ST", "St"}, {0xFB06, "ST", "St"}, {0xFB13, "ՄՆ", "Մն"},
                                    {0xFB14, "ՄԵ", "Մե"},   {0xFB15, "ՄԻ", "Մի"}, {0xFB16, "ՎՆ", "Վն"}, {0xFB17, "ՄԽ", "Մխ"}};

void append_upper(std::string& out, char32_t code, bool as_title) {
  for (const LongUpper& row : kLongUpper) {
    if (row.code == code) {
      out += as_title ? row.title : row.upper;
      return;
    }
  }
  append_utf8(out, as_title ? title_case(code) : upper_case(code));
}

enum class Letter { upper, lower, title };

// Each character in the case that `choose(code)` says, with the mark it had.
template <class Choose>
MarkedText change_case(Budget& budget, const MarkedText& text, Choose&& choose) {
  TextBuilder out(budget);
  std::string letter;
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text.text[i])) {
    letter.clear();
    const char32_t code = decode_utf8(text.text, i).code;
    const Letter wanted = choose(code);
    if (wanted == Letter::lower) {
      append_lower(letter, text.text, i);
    } else {
      append_upper(letter, code, wanted == Letter::title);
    }
    out.add(letter, text.is_untrusted(i));
  }
  return out.finish();
}

}  // namespace

MarkedText to_upper(Budget& budget, const MarkedText& text) {
  return change_case(budget, text, [](char32_t) { return Letter::upper; });
}

MarkedText to_lower(Budget& budget, const MarkedText& text) {
  return change_case(budget, text, [](char32_t) { return Letter::lower; });
}

MarkedText to_capitalized(Budget& budget, const MarkedText& text) {
  return change_case(budget, text,
                     [first = true](char32_t) mutable { return std::exchange(first, false) ? Letter::title : Letter::lower; });
}

MarkedText to_title(Budget& budget, const MarkedText& text) {
  return change_case(budget, text, [in_word = false](char32_t code) mutable {
    const Letter letter = in_word ? Letter::lower : Letter::title;
    in_word = is_cased(code);
    return letter;
  });
}

MarkedText to_filter_title(Budget& budget, const MarkedText& text) {
  const auto separates = [](char32_t code) {
    return is_space(code) || code == '-' || code == '(' || code == '{' || code == '[' || code == '<';
  };
  return change_case(budget, text, [&separates, in_word = false](char32_t code) mutable {
    const Letter letter = in_word ? Letter::lower : Letter::upper;
    in_word = !separates(code);
    return letter;
  });
}

bool all_are(std::string_view text, CharacterClass wanted) {
  bool any = false;
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text[i])) {
    const char32_t code = decode_utf8(text, i).code;
    switch (wanted) {
      case CharacterClass::alphabetic:
        if (!is_letter(code)) return false;
        break;
      case CharacterClass::alphanumeric:
        if (!is_letter(code) && !is_number(code)) return false;
        break;
      case CharacterClass::digit:
        if (!is_decimal_digit(code)) return false;
        break;
      case CharacterClass::space:
        if (!is_space(code)) return false;
        break;
      case CharacterClass::upper:
      case CharacterClass::lower:
        if (wanted == CharacterClass::upper ? is_lower(code) : is_upper(code)) return false;
        any = any || is_upper(code) || is_lower(code);
        continue;
    }
    any = true;
  }
  return any;
}

}  // namespace omma::jinja
