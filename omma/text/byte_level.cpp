#include "omma/text/byte_level.h"

#include <array>

#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr char32_t kCharacters = 0x144;  // the alphabet lies in U+0021..U+0143

struct Alphabet {
  std::array<char32_t, 256> characters{};
  std::array<std::int16_t, kCharacters> bytes{};  // -1 where the character is none of the alphabet's
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.bytes.fill(-1);
  char32_t next = 0x100;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    const char32_t character = printable ? static_cast<char32_t>(byte) : next++;
    alphabet.characters[byte] = character;
    alphabet.bytes[character] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

char32_t byte_character(std::uint8_t byte) { return kAlphabet.characters[byte]; }

std::optional<std::string> bytes_of_characters(std::string_view token) {
  std::string bytes;
  for (std::size_t i = 0; i < token.size();) {
    const DecodedCharacter character = decode_utf8(token, i);
    if (character.code >= kCharacters || kAlphabet.bytes[character.code] < 0) return std::nullopt;
    bytes += static_cast<char>(kAlphabet.bytes[character.code]);
    i += character.size;
  }
  return bytes;
}

}  // namespace omma
