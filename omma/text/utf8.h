// UTF-8, character by character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace omma {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct DecodedCharacter {
  char32_t code;       // U+FFFD where the bytes are malformed
  std::uint32_t size;  // bytes read, at least 1
  bool valid;
};

// The character at text[position], position < text.size(). Where the bytes are malformed: U+FFFD for the maximal ill-formed part
// (Unicode 15, table 3-8), as Python's "replace" handler and browsers have it.
DecodedCharacter decode_utf8(std::string_view text, std::size_t position);

// `code` is at most U+10FFFF and no surrogate.
void append_utf8(std::string& text, char32_t code);

bool is_valid_utf8(std::string_view text);

// A copy in which each maximal ill-formed part is U+FFFD.
std::string to_valid_utf8(std::string_view text);

// Bytes of the character that starts with `lead`, in valid UTF-8.
inline std::uint32_t utf8_size(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1U : byte < 0xE0 ? 2U : byte < 0xF0 ? 3U : 4U;
}

}  // namespace omma
