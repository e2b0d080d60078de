// What lies between a drawn scene and its picture file: resampling, blur or sharpening, light, sensor noise, compression.
#pragma once

#include <array>

#include "omma/base/rng.h"
#include "omma/vision/image.h"
#include "omma/vision/resize.h"

namespace omma {

// In the order in which they are applied; the defaults change nothing. Lengths are in pixels of a canvas of 128 a side and grow
// with the picture, so that a scene looks alike at every size.
struct Camera {
  double resampled = 1;  // by way of this size, as a share of the picture's
  Resample resample_there = Resample::bilinear, resample_back = Resample::bilinear;
  double blur = 0;                         // standard deviation
  double sharpness = 1;                    // factor of sharpened()
  double contrast = 1;                     // factor about mid-grey
  double brightness = 1;                   // factor
  std::array<double, 3> gain = {1, 1, 1};  // of each channel: the white balance
  int noise = 0;                           // standard deviation in grey levels
  int jpeg_quality = 0;                    // 1 to 100; 0: not compressed
};

// The picture keeps its size. `rng` is used for noise only. The pixels depend on nothing but these arguments, and, where there is
// compression, on libjpeg's discrete cosine transform.
Image seen_by(const Camera& camera, Image image, Rng& rng);

}  // namespace omma
