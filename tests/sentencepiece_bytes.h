// SentencePiece models and their rules made by hand, so that a test can break any one field.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace omma::testing {

inline std::string little_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(number >> shift & 0xFF);
  return bytes;
}

// A precompiled_charsmap: a double array, in which every state has a block of 256 units of its own, and replacements.
class CharsmapBytes {
 public:
  CharsmapBytes& add(std::string_view characters, std::string_view replacement) {
    std::size_t state = block;
    std::size_t at = 0;
    for (const char byte : characters) {
      at = state + static_cast<unsigned char>(byte);
      if (units[at] == 0) {
        state = units.size();
        units.resize(units.size() + block);
        units[at] = static_cast<std::uint32_t>((at ^ state) << 10 | static_cast<unsigned char>(byte));
      } else {
        state = at ^ units[at] >> 10;
      }
    }
    units[at] |= 0x100;  // has a value
    units[state] = static_cast<std::uint32_t>(0x80000000 | replacements.size());
    replacements.append(replacement).push_back('\0');
    return *this;
  }

  std::string bytes() const {
    std::string bytes = little_endian(static_cast<std::uint32_t>(4 * units.size()));
    for (const std::uint32_t unit : units) bytes += little_endian(unit);
    return bytes + replacements;
  }

  static constexpr std::size_t block = 256;
  std::vector<std::uint32_t> units = first_units();
  std::string replacements;

 private:
  // The root, whose state is the second block.
  static std::vector<std::uint32_t> first_units() {
    std::vector<std::uint32_t> units(2 * block);
    units[0] = static_cast<std::uint32_t>(block << 10);
    return units;
  }
};

// A field of a protocol buffer with a length.
inline std::string wire_bytes(int number, std::string_view bytes) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) field += static_cast<char>(size | 0x80);
  field += static_cast<char>(size);
  return field.append(bytes);
}

struct PieceBytes {
  std::string_view text;
  float score = 0;
  int type = 1;  // normal; 2 unknown, 3 control, 4 user-defined
};

// A model's file; kind 1 is unigram, 2 byte-pair.
inline std::string sentencepiece_bytes(const std::vector<PieceBytes>& pieces, std::string_view charsmap = "", int kind = 1) {
  std::string model;
  for (const PieceBytes& piece : pieces) {
    std::uint32_t score = 0;
    std::memcpy(&score, &piece.score, sizeof(score));
    model += wire_bytes(1, wire_bytes(1, piece.text) + '\x15' + little_endian(score) + '\x18' + static_cast<char>(piece.type));
  }
  model += wire_bytes(2, std::string("\x18") + static_cast<char>(kind));
  return model + wire_bytes(3, wire_bytes(2, charsmap));
}

}  // namespace omma::testing
