// Normal forms that tell, character by character, where their text came from.
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "omma/text/unicode.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

// 0 for marks that the library's tables lack.
int combining_class(char32_t code) {
  const int own = utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class;
  return own != 0 && is_mark(code) ? own : 0;
}

// The canonical composite of two characters, where there is one.
std::optional<char32_t> compose(char32_t first, char32_t second) {
  std::array<utf8proc_int32_t, 2> pair = {static_cast<utf8proc_int32_t>(first), static_cast<utf8proc_int32_t>(second)};
  constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
  if (utf8proc_normalize_utf32(pair.data(), pair.size(), options) != 1) return std::nullopt;
  return static_cast<char32_t>(pair[0]);
}

// Fully decomposed, marks in canonical order. A mark that moves keeps its change, so the alignment stays in the text's order.
std::vector<RewrittenCharacter> decompose(std::string_view text, bool compatible) {
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE | (compatible ? UTF8PROC_COMPAT : 0));
  std::vector<RewrittenCharacter> result;
  result.reserve(text.size());
  std::size_t marks = 0;  // where the run of marks after the last starter begins
  const auto by_class = [](const RewrittenCharacter& a, const RewrittenCharacter& b) {
    return combining_class(a.code) < combining_class(b.code);
  };
  const auto sort_marks = [&] { std::stable_sort(result.begin() + static_cast<std::ptrdiff_t>(marks), result.end(), by_class); };
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text, i);
    i += character.size;
    std::array<utf8proc_int32_t, 32> parts = {static_cast<utf8proc_int32_t>(character.code)};  // Unicode's longest has 18
    utf8proc_ssize_t count = 1;
    int boundary = 0;
    if (decomposes(character.code)) count = utf8proc_decompose_char(parts[0], parts.data(), parts.size(), options, &boundary);
    for (utf8proc_ssize_t part = 0; part < count; ++part) {
      const auto code = static_cast<char32_t>(parts[static_cast<std::size_t>(part)]);
      if (combining_class(code) == 0) {
        sort_marks();
        marks = result.size() + 1;
      }
      result.push_back({code, part == 0 ? 0 : 1});
    }
  }
  if (marks < result.size()) sort_marks();
  return result;
}

// Joins each starter with the marks and starters after it that it composes with; a composite's change is the sum of its parts'.
void recompose(std::vector<RewrittenCharacter>& text) {
  std::vector<RewrittenCharacter> result;
  result.reserve(text.size());
  std::optional<std::size_t> starter;  // its place in result
  int last_class = 0;                  // of the character before, where marks stand between it and the starter; else 0
  for (const RewrittenCharacter& character : text) {
    const int own_class = combining_class(character.code);
    const bool adjacent = starter && *starter + 1 == result.size();
    if (starter && (adjacent || last_class < own_class)) {
      if (const auto composite = compose(result[*starter].code, character.code)) {
        result[*starter] = {*composite, result[*starter].change + character.change - 1};
        continue;
      }
    }
    if (own_class == 0) starter = result.size();
    last_class = own_class;
    result.push_back(character);
  }
  text = std::move(result);
}

}  // namespace

std::vector<RewrittenCharacter> normal_form(std::string_view text, NormalForm form) {
  std::vector<RewrittenCharacter> result = decompose(text, form == NormalForm::nfkc || form == NormalForm::nfkd);
  if (form == NormalForm::nfc || form == NormalForm::nfkc) recompose(result);
  return result;
}

}  // namespace omma
