#include "omma/io/orientation_tags.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace omma {
namespace {

int within_range(std::uint32_t value) { return value >= 1 && value <= 8 ? static_cast<int>(value) : 1; }

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

struct TiffType {
  std::size_t bytes = 0;  // of one value; 0: no such type
  bool integer = false;
};

TiffType tiff_type(std::uint32_t number) {
  constexpr std::array<TiffType, 14> types{{{},
                                            {1, false},   // BYTE: Pillow takes it for a string
                                            {1, false},   // ASCII
                                            {2, true},    // SHORT, which the standard demands here
                                            {4, true},    // LONG
                                            {8, false},   // RATIONAL
                                            {1, true},    // SBYTE
                                            {1, false},   // UNDEFINED
                                            {2, true},    // SSHORT
                                            {4, true},    // SLONG
                                            {8, false},   // SRATIONAL
                                            {4, false},   // FLOAT
                                            {8, false},   // DOUBLE
                                            {4, true}}};  // IFD
  return number < types.size() ? types[number] : TiffType{};
}

}  // namespace

std::optional<int> exif_orientation(std::span<const std::uint8_t> block) {
  constexpr std::string_view prefix("Exif\0\0", 6);
  if (block.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), block.begin()))
    block = block.subspan(prefix.size());
  const Tiff tiff(block);
  if (!tiff.valid()) return std::nullopt;
  constexpr std::uint32_t orientation_tag = 0x0112;
  constexpr std::size_t entry_bytes = 12;  // tag 2, type 2, count 4, value 4
  const std::size_t directory = tiff.number(4, 4);
  const std::size_t entries = tiff.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + entry_bytes * i;
    if (entry + entry_bytes > block.size()) break;
    if (tiff.number(entry, 2) != orientation_tag) continue;
    const TiffType type = tiff_type(tiff.number(entry + 2, 2));
    const std::size_t size = type.bytes * tiff.number(entry + 4, 4);
    if (size == 0) continue;
    const std::size_t values = size <= 4 ? entry + 8 : tiff.number(entry + 8, 4);  // many stand elsewhere
    if (values + size > block.size()) break;
    return type.integer ? within_range(tiff.number(values, type.bytes)) : 1;
  }
  return std::nullopt;
}

std::optional<int> xmp_orientation(std::string_view packet) {
  constexpr std::string_view name = "tiff:Orientation";
  for (std::size_t at = packet.find(name); at != std::string_view::npos; at = packet.find(name, at + name.size())) {
    std::string_view rest = packet.substr(at + name.size());
    const std::size_t opening = rest.starts_with("=\"") ? 2 : rest.starts_with(">") ? 1 : 0;
    rest.remove_prefix(opening);
    if (opening != 0 && !rest.empty() && rest[0] >= '0' && rest[0] <= '9')
      return within_range(static_cast<std::uint32_t>(rest[0] - '0'));
  }
  return std::nullopt;
}

int stored_orientation(std::span<const std::uint8_t> exif, std::string_view xmp) {
  if (const std::optional<int> orientation = exif_orientation(exif)) return *orientation;
  return xmp_orientation(xmp).value_or(1);
}

}  // namespace omma
