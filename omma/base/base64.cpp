#include "omma/base/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t none = 64;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(none);
  for (std::size_t i = 0; i < letters.size(); ++i) values[static_cast<unsigned char>(letters[i])] = static_cast<std::uint8_t>(i);
  return values;
}

constexpr std::array<std::uint8_t, 256> letter_values = make_values();

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) text += i <= count ? letters[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

std::string from_base64(std::string_view text, std::string_view where) {
  check(text.size() % 4 == 0, "{}: expected base64, groups of four letters, got {} letters", where, text.size());
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_padding = at >= text.size() - padding;
    const std::uint8_t value = is_padding ? 0 : letter_values[static_cast<unsigned char>(text[at])];
    if (value == none) fail("{}: expected base64, got the byte 0x{:02X} as letter {}", where, text[at], at);
    group = group << 6 | value;
    if (at % 4 < 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(group >> shift & 0xFF);
    group = 0;
  }
  for (std::size_t i = 0; i < padding; ++i) {
    check(bytes.back() == 0, "{}: expected base64, got bits after the last byte", where);
    bytes.pop_back();
  }
  return bytes;
}

}  // namespace omma
