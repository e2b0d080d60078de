#include "omma/io/lzw.h"

#include <algorithm>
#include <array>

namespace omma {
namespace {

constexpr unsigned widest = 12, table_size = 1U << widest;

// Numbers of some bits, one after the other.
class Codes {
 public:
  Codes(std::span<const std::uint8_t> data, LzwCodes order) : data_(data), is_high_first_(order == LzwCodes::tiff) {}

  bool take(unsigned width, unsigned& code) {
    while (held_ < width) {
      if (next_ == data_.size()) return false;
      const unsigned byte = data_[next_++];
      bits_ = is_high_first_ ? bits_ << 8 | byte : bits_ | byte << held_;
      held_ += 8;
    }
    held_ -= width;
    const unsigned mask = (1U << width) - 1;
    code = (is_high_first_ ? bits_ >> held_ : bits_) & mask;
    if (!is_high_first_) bits_ >>= width;
    return true;
  }

 private:
  std::span<const std::uint8_t> data_;
  std::size_t next_ = 0;
  bool is_high_first_;
  unsigned bits_ = 0, held_ = 0;  // at most 12 + 7, and above them what was taken
};

// The string of a code: that of `before` and one more byte.
struct Entry {
  std::uint16_t before = 0;
  std::uint16_t length = 1;
  std::uint8_t first = 0, last = 0;
};

}  // namespace

std::size_t inflate_lzw(std::span<const std::uint8_t> data, LzwCodes order, int bits, std::span<std::uint8_t> out) {
  const unsigned clear = 1U << bits, end = clear + 1, early = order == LzwCodes::tiff ? 1 : 0;
  std::array<Entry, table_size> table;
  for (unsigned i = 0; i < clear; ++i) table[i].first = table[i].last = static_cast<std::uint8_t>(i);
  Codes codes(data, order);
  unsigned next = end + 1, width = static_cast<unsigned>(bits) + 1, code = 0, previous = clear;  // clear: there is none
  std::size_t done = 0;
  while (done < out.size() && codes.take(width, code) && code != end) {
    if (code == clear) {
      next = end + 1;
      width = static_cast<unsigned>(bits) + 1;
      previous = clear;
      continue;
    }
    if (code > (previous == clear ? clear : next) || code >= table_size) break;
    if (previous != clear && next < table_size) {
      const Entry& before = table[previous];
      const std::uint8_t last = code == next ? before.first : table[code].first;
      table[next++] = {static_cast<std::uint16_t>(previous), static_cast<std::uint16_t>(before.length + 1), before.first, last};
      if (next + early == 1U << width && width < widest) ++width;
    }
    unsigned place = code;
    for (std::size_t i = table[code].length; i-- > 0; place = table[place].before)
      if (i < out.size() - done) out[done + i] = table[place].last;
    done += std::min<std::size_t>(table[code].length, out.size() - done);
    previous = code;
  }
  return done;
}

}  // namespace omma
