// From a picture to the model's input, as preprocessor_config.json says.
#pragma once

#include <filesystem>
#include <optional>

#include "omma/base/config.h"
#include "omma/nn/tensor.h"
#include "omma/vision/resize.h"

namespace omma {

// The fields that transformers' image processors share, in what versions 4 and 5 write: preprocessor_config.json, or the
// "image_processor" of processor_config.json. `size` is {"shortest_edge", "longest_edge"}, {"height", "width"}, or the older
// numbers "size" and "max_size". The defaults are DETR's; clip_image_processor() gives CLIP's and BLIP's.
struct ImageProcessorConfig {
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

// An exact square, bicubic, CLIP's mean and deviation.
ImageProcessorConfig clip_image_processor(int64_t side);

class ImageProcessor {
 public:
  explicit ImageProcessor(const ImageProcessorConfig& config) : config_(config) {}
  // Of a model directory; fields that its file leaves out are those of `defaults`.
  static ImageProcessor from_directory(const std::filesystem::path& directory, const ImageProcessorConfig& defaults = {});

  // [3, H, W] float32, normalised RGB. Thread-safe.
  Tensor operator()(const Image& image, int threads = 1) const;
  Size target_size(const Image& image) const;
  const ImageProcessorConfig& config() const { return config_; }

 private:
  ImageProcessorConfig config_;
};

}  // namespace omma
