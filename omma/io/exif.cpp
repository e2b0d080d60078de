#include "omma/io/exif.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace omma {
namespace {

// A TIFF block: reads outside of it give 0, which no entry we look for has.
class Tiff {
 public:
  explicit Tiff(std::span<const std::uint8_t> bytes) : bytes_(bytes), big_endian_(byte(0) == 'M') {}

  bool valid() const {
    const auto mark = static_cast<std::uint8_t>(big_endian_ ? 'M' : 'I');
    return byte(0) == mark && byte(1) == mark && number(2, 2) == 42;
  }

  std::uint32_t number(std::size_t at, std::size_t bytes) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | byte(big_endian_ ? at + i : at + bytes - 1 - i);
    return value;
  }

 private:
  std::uint8_t byte(std::size_t at) const { return at < bytes_.size() ? bytes_[at] : std::uint8_t{0}; }

  std::span<const std::uint8_t> bytes_;
  bool big_endian_;
};

}  // namespace

int exif_orientation(std::span<const std::uint8_t> block) {
  constexpr std::string_view prefix("Exif\0\0", 6);
  if (block.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), block.begin()))
    block = block.subspan(prefix.size());
  const Tiff tiff(block);
  if (!tiff.valid()) return 1;
  constexpr std::uint32_t orientation_tag = 0x0112, type_short = 3, type_long = 4;
  constexpr std::size_t entry_bytes = 12;  // tag 2, type 2, count 4, value 4
  const std::size_t directory = tiff.number(4, 4);
  const std::size_t entries = tiff.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + entry_bytes * i;
    if (entry + entry_bytes > block.size()) break;
    if (tiff.number(entry, 2) != orientation_tag) continue;
    const std::uint32_t type = tiff.number(entry + 2, 2);
    if (tiff.number(entry + 4, 4) != 1 || (type != type_short && type != type_long)) return 1;
    const std::uint32_t value = tiff.number(entry + 8, type == type_short ? 2 : 4);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace omma
