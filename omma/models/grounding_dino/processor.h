// From a picture to the model's input, as preprocessor_config.json says.
#pragma once

#include <filesystem>
#include <optional>

#include "omma/base/config.h"
#include "omma/nn/tensor.h"
#include "omma/vision/resize.h"

namespace omma {

// The fields of transformers' GroundingDinoImageProcessor, in what versions 4 and 5 write: preprocessor_config.json, or the
// "image_processor" of processor_config.json. `size` is {"shortest_edge", "longest_edge"}, {"height", "width"}, or the older pair
// "size", "max_size" of numbers.
struct GroundingDinoProcessorConfig {
  bool do_resize = true;
  int64_t shortest_edge = 800;
  int64_t longest_edge = 1333;
  std::optional<int64_t> height, width;  // both or none: an exact size
  int64_t resample = 2;                  // Pillow's number: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255;
  bool do_normalize = true;
  std::vector<double> image_mean = {0.485, 0.456, 0.406};
  std::vector<double> image_std = {0.229, 0.224, 0.225};

  template <class Fields>
  void fields(Fields& field) {
    field("do_resize", do_resize);
    field("size.shortest_edge", shortest_edge, Range{1, 65535});
    field("size.longest_edge", longest_edge, Range{1, 65535});
    field("size.height", height, Range{1, 65535});
    field("size.width", width, Range{1, 65535});
    field("resample", resample, Range{0, 3});
    field("do_rescale", do_rescale);
    field("rescale_factor", rescale_factor, Range{1e-9, 1e3});
    field("do_normalize", do_normalize);
    field("image_mean", image_mean, Range{-1e3, 1e3});
    field("image_std", image_std, Range{1e-6, 1e3});
  }
  void validate(Faults& faults) const;
};

class GroundingDinoProcessor {
 public:
  explicit GroundingDinoProcessor(const GroundingDinoProcessorConfig& config) : config_(config) {}
  static GroundingDinoProcessor from_directory(const std::filesystem::path& directory);

  // [3, H, W] float32, normalised RGB. Thread-safe.
  Tensor operator()(const Image& image, int threads = 1) const;
  Size target_size(const Image& image) const;

 private:
  GroundingDinoProcessorConfig config_;
};

}  // namespace omma
