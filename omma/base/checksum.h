// A checksum for telling contents apart; no protection against those who mean harm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace omma {

// 64 bits that change with any bit of the contents (multiply and rotate, eight bytes at a time); the same on every machine of
// little-endian order. `seed`: the checksum of what stands before.
inline std::uint64_t checksum(std::span<const std::uint8_t> bytes, std::uint64_t seed = 0) {
  std::uint64_t state = 0x9e3779b97f4a7c15ULL ^ bytes.size() ^ seed;
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    state = (state ^ word) * 0xd6e8feb86659fd93ULL;
    state ^= state >> 32;
  }
  return state;
}

inline std::uint64_t checksum(std::string_view text) {
  return checksum({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace omma
