// Random changes of training pictures that leave their captions true: BLIP's set (a crop, a mirror, and RandAugment (Cubuk et al.
// 2020) without its colour operations).
#pragma once

#include "omma/base/rng.h"
#include "omma/vision/image.h"

namespace omma {

// A part of `min_area` to all of the picture, its sides in a ratio of 3:4 to 4:3, resized to a square by Pillow's bicubic rule.
Image random_resized_crop(const Image& image, double min_area, int side, Rng& rng);

struct RandAugmentOptions {
  int operations = 2;   // drawn for a picture
  double chance = 0.5;  // that one is carried out
  double level = 5;     // strength, of 10
};
// Of: nothing, auto-contrast, brightness, sharpness, equalisation, shear and translation along either axis, rotation. What comes
// into view from outside is mid-grey.
Image rand_augment(Image image, const RandAugmentOptions& options, Rng& rng);

Image flipped(const Image& image);  // left to right

// The single operations; factor 1 changes nothing.
Image auto_contrast(const Image& image);
Image equalized(const Image& image);
Image brightened(const Image& image, double factor);
Image sharpened(const Image& image, double factor);

// Where the picture's point (x, y) is taken from: (xx x + xy y + x0, yx x + yy y + y0), pixel centres at whole numbers.
struct AffineMap {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};
// Bilinear; outside is (128, 128, 128).
Image warped(const Image& image, const AffineMap& from);

}  // namespace omma
