#include "omma/text/utf8.h"

namespace omma {

namespace {

// What a lead byte asks for: the sequence's size and the range of its second byte, which rules out overlong forms, surrogates and
// codes over U+10FFFF (Unicode 15, table 3-7). Size 1 with an empty range is a byte that starts nothing.
struct Lead {
  std::uint32_t size;
  unsigned char second_min, second_max;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0xC2 || byte > 0xF4) return {1, 1, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte < 0xF0) {
    const unsigned char min = byte == 0xE0 ? 0xA0 : 0x80;
    const unsigned char max = byte == 0xED ? 0x9F : 0xBF;
    return {3, min, max};
  }
  const unsigned char min = byte == 0xF0 ? 0x90 : 0x80;
  const unsigned char max = byte == 0xF4 ? 0x8F : 0xBF;
  return {4, min, max};
}

}  // namespace

DecodedCharacter decode_utf8(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[position + i]); };
  if (byte(0) < 0x80) return {byte(0), 1, true};
  const Lead lead = lead_of(byte(0));
  if (lead.size == 1) return {kReplacementCharacter, 1, false};
  char32_t code = byte(0) & (0x7FU >> lead.size);
  for (std::uint32_t i = 1; i < lead.size; ++i) {
    const unsigned char min = i == 1 ? lead.second_min : 0x80;
    const unsigned char max = i == 1 ? lead.second_max : 0xBF;
    if (position + i >= text.size() || byte(i) < min || byte(i) > max) return {kReplacementCharacter, i, false};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  return {code, lead.size, true};
}

void append_utf8(std::string& text, char32_t code) {
  const auto push = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | code >> 6);
    push(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    push(0xE0 | code >> 12);
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  } else {
    push(0xF0 | code >> 18);
    push(0x80 | (code >> 12 & 0x3F));
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text, i);
    if (!character.valid) return false;
    i += character.size;
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text, i);
    append_utf8(valid, character.code);
    i += character.size;
  }
  return valid;
}

}  // namespace omma
