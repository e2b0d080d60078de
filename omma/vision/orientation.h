// Turning pictures the way a camera's orientation tag says.
#pragma once

#include "omma/vision/image.h"

namespace omma {

// The picture shown upright, for an EXIF orientation (tag 0x0112; TIFF 6.0, page 36): 1 as stored, 2 mirrored left to right,
// 3 turned by 180 degrees, 4 mirrored top to bottom, 5 transposed, 6 to be turned clockwise by 90 degrees, 7 transposed across the
// other diagonal, 8 to be turned counter-clockwise. Any other value counts as 1.
Image upright(Image image, int orientation);

}  // namespace omma
