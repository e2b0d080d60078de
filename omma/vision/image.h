// Pictures in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace omma {

// 8-bit RGB, rows from the top, pixels interleaved, no padding: pixel (x, y) starts at data[3 (y width + x)].
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> data;

  Image() = default;
  Image(int columns, int rows)  // black
      : width(columns), height(rows), data(3 * static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows)) {}

  std::uint8_t* pixel(int x, int y) { return data.data() + offset(x, y); }
  const std::uint8_t* pixel(int x, int y) const { return data.data() + offset(x, y); }
  bool empty() const { return data.empty(); }
  bool operator==(const Image&) const = default;

 private:
  std::size_t offset(int x, int y) const {
    return 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x));
  }
};

}  // namespace omma
