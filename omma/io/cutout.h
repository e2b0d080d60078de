// Objects cut out of pictures.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/vision/image.h"
#include "omma/vision/mask.h"

namespace omma {

// A PNG with alpha of what a mask of the picture's size covers: as large as the tightest box around it, all else in that
// transparent and black. Throws std::invalid_argument for a mask of another size or an empty one.
std::vector<std::uint8_t> encode_cutout(const Image& image, const Mask& mask);

}  // namespace omma
