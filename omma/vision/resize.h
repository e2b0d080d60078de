// Resizing as Pillow does it, bit for bit.
#pragma once

#include "omma/vision/image.h"

namespace omma {

enum class Resample { nearest, bilinear, bicubic, lanczos };

// Image.resize((width, height), resample) of Pillow: separable, antialiased when shrinking, 8-bit fixed-point accumulation. Throws
// std::invalid_argument for an empty image or a side below 1.
Image resize(const Image& image, int width, int height, Resample resample);

// The size that brings the shorter side to `shortest` unless the longer would pass `longest`, as DETR's processors compute it.
struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

}  // namespace omma
