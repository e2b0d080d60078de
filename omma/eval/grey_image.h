// What a model is shown that is to answer without seeing.
#pragma once

#include <algorithm>
#include <cstdint>

#include "omma/vision/image.h"

namespace omma {

// An even grey of the picture's size.
inline Image grey_image(const Image& like) {
  Image grey(like.width, like.height);
  std::ranges::fill(grey.data, std::uint8_t{128});
  return grey;
}

}  // namespace omma
