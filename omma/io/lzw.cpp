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

// The string of a code: where it was written first.
struct Entry {
  std::size_t start, length;
};

}  // namespace

std::size_t inflate_lzw(std::span<const std::uint8_t> data, LzwCodes order, int bits, std::span<std::uint8_t> out) {
  const unsigned clear = 1U << bits, end = clear + 1, early = order == LzwCodes::tiff ? 1 : 0;
  std::array<Entry, table_size> table;  // filled up to `next`
  Codes codes(data, order);
  unsigned next = end + 1, width = static_cast<unsigned>(bits) + 1, code = 0;
  std::size_t done = 0;
  Entry previous{};  // of length 0: there is none
  while (done < out.size() && codes.take(width, code) && code != end) {
    if (code == clear) {
      next = end + 1;
      width = static_cast<unsigned>(bits) + 1;
      previous = {};
      continue;
    }
    if (previous.length > 0 && next < table_size) {  // a new string: the one before and the first byte of this
      table[next++] = {previous.start, previous.length + 1};
      if (next + early == 1U << width && width < widest) ++width;
    }
    if (code >= next) break;
    previous = {done, code < clear ? 1 : std::min(table[code].length, out.size() - done)};
    if (code < clear)
      out[done] = static_cast<std::uint8_t>(code);
    else
      for (std::size_t i = 0; i < previous.length; ++i) out[done + i] = out[table[code].start + i];  // which may reach here
    done += previous.length;
  }
  return done;
}

}  // namespace omma
