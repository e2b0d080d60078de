// Pictures as GLIP takes them.
#pragma once

#include "omma/nn/image_processor.h"
#include "omma/nn/tensor.h"
#include "omma/vision/image.h"
#include "omma/vision/resize.h"

namespace omma::glip {

// The shorter side to 800 pixels, the longer one at most 1333 or a few more; BGR of 0 to 255, minus mean, by deviation.
ImageProcessorConfig default_processor();

// Thread-safe.
class Processor {
 public:
  // Fields as transformers' processors have them, mean and deviation of RGB as everywhere; pictures are filled up with zeros to
  // multiples of `size_divisor`. Throws std::invalid_argument where the configuration asks for more than size and normalisation.
  Processor(const ImageProcessorConfig& config, int64_t size_divisor);

  // [3, H, W] float32: blue, green, red.
  Tensor operator()(const Image& image, int threads = 1) const;
  Size filled_size(Size image) const;  // what the picture fills of it, at the top left

 private:
  Size shortest_and_longest_;
  int64_t size_divisor_;
  ImageProcessor normaliser_;  // what is left once the picture has its size
};

}  // namespace omma::glip
