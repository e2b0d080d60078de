// Masks that tests draw.
#pragma once

#include "omma/vision/boxes.h"
#include "omma/vision/mask.h"

namespace omma::testing {

// The pixels of a box with whole edges.
inline RunLengths rectangle_of(int width, int height, const Box& box) {
  Mask mask(width, height);
  for (int y = static_cast<int>(box.y0); y < static_cast<int>(box.y1); ++y)
    for (int x = static_cast<int>(box.x0); x < static_cast<int>(box.x1); ++x) mask.at(x, y) = 1;
  return encode(mask);
}

}  // namespace omma::testing
