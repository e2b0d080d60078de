// The entries of a TIFF's first directory. Not part of the interface: see image_file.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

enum class TiffTag : std::uint16_t {
  width = 256,
  height = 257,
  bits = 258,
  compression = 259,
  photometric = 262,
  fill_order = 266,
  strip_offsets = 273,
  orientation = 274,
  samples = 277,
  rows_per_strip = 278,
  strip_sizes = 279,
  planes = 284,
  predictor = 317,
  colors = 320,
  tile_width = 322,
  tile_height = 323,
  tile_offsets = 324,
  tile_sizes = 325,
  extra_samples = 338,
  sample_format = 339,
  xmp = 700,
};

// Of a TIFF or a BigTIFF of either byte order. Reads the directory alone; values when they are asked for. Errors begin with `name`;
// std::invalid_argument for entries beyond the file.
class TiffDirectory {
 public:
  TiffDirectory(std::span<const std::uint8_t> bytes, std::string_view name);

  bool is_big_endian() const { return is_big_endian_; }
  bool has(TiffTag tag) const { return find(tag) != nullptr; }

  // The values of an entry, unsigned whole numbers; none where it is absent.
  std::vector<std::uint64_t> numbers(TiffTag tag) const;
  // The first of them.
  std::optional<std::uint64_t> number(TiffTag tag) const;
  std::uint64_t number(TiffTag tag, std::uint64_t absent) const { return number(tag).value_or(absent); }
  std::string_view text(TiffTag tag) const;

 private:
  struct Entry {
    std::uint16_t tag = 0, type = 0;
    std::uint64_t count = 0, values_at = 0;  // where the values begin in the file
  };
  const Entry* find(TiffTag tag) const;
  std::uint64_t read(std::uint64_t at, std::size_t bytes) const;
  std::uint64_t bytes_of(const Entry& entry) const;

  std::span<const std::uint8_t> bytes_;
  std::string name_;
  bool is_big_endian_ = false;
  std::vector<Entry> entries_;
};

}  // namespace omma
