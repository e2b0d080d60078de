#include "omma/vision/orientation.h"

#include <algorithm>
#include <cstddef>

namespace omma {
namespace {

// Where an upright picture's pixels come from: its first pixel, and the steps to the next one in a row and in a column, in pixels.
struct Walk {
  std::ptrdiff_t first, right, down;
};

Walk walk(int width, int height, int orientation) {
  const std::ptrdiff_t w = width, h = height, last_row = w * (h - 1), last = w * h - 1;
  switch (orientation) {
    case 2:
      return {w - 1, -1, w};
    case 3:
      return {last, -1, -w};
    case 4:
      return {last_row, 1, -w};
    case 5:
      return {0, w, 1};
    case 6:
      return {last_row, -w, 1};
    case 7:
      return {last, -w, -1};
    default:
      return {w - 1, w, -1};  // 8
  }
}

}  // namespace

Image upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8 || image.empty()) return image;
  const auto [first, right, down] = walk(image.width, image.height, orientation);
  const bool on_its_side = orientation >= 5;
  Image turned(on_its_side ? image.height : image.width, on_its_side ? image.width : image.height);
  // Square tiles, so that neither side walks down columns of a picture larger than the cache.
  constexpr int tile = 32;
  for (int top = 0; top < turned.height; top += tile) {
    for (int left = 0; left < turned.width; left += tile) {
      for (int y = top; y < std::min(top + tile, turned.height); ++y) {
        std::uint8_t* to = turned.pixel(left, y);
        const std::uint8_t* from = image.data.data() + 3 * (first + down * y + right * left);
        for (int x = left; x < std::min(left + tile, turned.width); ++x, to += 3) {
          std::copy_n(from, 3, to);
          if (x + 1 < turned.width) from += 3 * right;  // no step beyond the picture
        }
      }
    }
  }
  return turned;
}

}  // namespace omma
