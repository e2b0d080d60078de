// Binary masks, and the run lengths COCO stores them as.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "omma/vision/boxes.h"

namespace omma {

// One byte per pixel, 0 or 1, rows from the top: pixel (x, y) is data[y width + x].
struct Mask {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> data;

  Mask() = default;
  Mask(int columns, int rows)  // nothing set
      : width(columns), height(rows), data(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows)) {}

  std::uint8_t& at(int x, int y) { return data[offset(x, y)]; }
  std::uint8_t at(int x, int y) const { return data[offset(x, y)]; }
  bool operator==(const Mask&) const = default;

 private:
  std::size_t offset(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  }
};

std::int64_t area(const Mask& mask);  // pixels set

// The tightest box around the pixels set; all 0 where none is.
Box bounding_box(const Mask& mask);

// Pixels set in both over pixels set in either; 0 where both are empty. Throws std::invalid_argument where the sizes differ.
double intersection_over_union(const Mask& a, const Mask& b);

// A mask as run lengths down the columns, the first column first, starting with a run of zeros (which may be empty). They add up to
// width x height.
struct RunLengths {
  int width = 0;
  int height = 0;
  std::vector<std::uint32_t> counts;
  bool operator==(const RunLengths&) const = default;
};

RunLengths encode(const Mask& mask);
Mask decode(const RunLengths& runs);
std::int64_t area(const RunLengths& runs);

// The "counts" string of COCO's annotations, character for character what pycocotools writes.
std::string compress(const RunLengths& runs);

// Reads such a string. Throws std::invalid_argument for a size below 1 or over 2^31 pixels, for a malformed string, and where the
// runs do not add up to width x height.
RunLengths decompress(std::string_view counts, int width, int height);

}  // namespace omma
