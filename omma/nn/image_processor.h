// From a picture to the model's input, as preprocessor_config.json says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/tensor.h"
#include "omma/vision/resize.h"

namespace omma {

// The fields that transformers' image processors share, in what versions 4 and 5 write: preprocessor_config.json, or the
// "image_processor" of processor_config.json. In their order: resize, crop the middle, rescale, normalise, pad with zeros at the
// right and bottom. The defaults are DETR's.
struct ImageProcessorConfig {
  bool do_resize = true;
  // An exact size, or the shorter side with a limit of the longer one, or without (CLIP), or the longer side alone (SAM).
  std::optional<int64_t> height, width;
  std::optional<int64_t> shortest_edge = 800, longest_edge = 1333;
  int64_t resample = 2;  // Pillow's number: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic
  // false: bilinear or bicubic from two or four neighbours a side, however much the picture shrinks, in numbers that are not
  // rounded to bytes again, as torch resizes tensors (LanguageBind). Otherwise from all pixels, as Pillow does.
  std::optional<bool> antialias;
  bool do_center_crop = false;
  std::optional<int64_t> crop_height, crop_width;
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255;
  bool do_normalize = true;
  std::vector<double> image_mean = {0.485, 0.456, 0.406};
  std::vector<double> image_std = {0.229, 0.224, 0.225};
  bool do_pad = false;  // without a size: the pictures of a batch to the largest, which is nothing for one
  std::optional<int64_t> pad_height, pad_width;

  template <class Fields>
  void fields(Fields& field) {
    field("do_resize", do_resize);
    field("size.height", height, Range{1, 65535});
    field("size.width", width, Range{1, 65535});
    field("size.shortest_edge", shortest_edge, Range{1, 65535});
    field("size.longest_edge", longest_edge, Range{1, 65535});
    field("resample", resample, Range{0, 3});
    field("antialias", antialias);
    field("do_center_crop", do_center_crop);
    field("crop_size.height", crop_height, Range{1, 65535});
    field("crop_size.width", crop_width, Range{1, 65535});
    field("do_rescale", do_rescale);
    field("rescale_factor", rescale_factor, Range{1e-9, 1e3});
    field("do_normalize", do_normalize);
    field("image_mean", image_mean, Range{-1e3, 1e3});
    field("image_std", image_std, Range{1e-6, 1e3});
    field("do_pad", do_pad);
    field("pad_size.height", pad_height, Range{1, 65535});
    field("pad_size.width", pad_width, Range{1, 65535});
  }
  void validate(Faults& faults) const;

  // The size that every picture comes out at; nullopt where that depends on the picture.
  std::optional<Size> fixed_size() const;
};

// An exact square, bicubic, CLIP's mean and deviation: BLIP's.
ImageProcessorConfig square_image_processor(int64_t side);

// The shorter side to `side`, then the middle square of it, bicubic, CLIP's mean and deviation: CLIP's and LLaVA's.
ImageProcessorConfig cropping_image_processor(int64_t side);

// preprocessor_config.json as transformers reads it, of the model "Blip", "GroundingDino", ...
json write_image_processor(const ImageProcessorConfig& config, const std::string& model);

class ImageProcessor {
 public:
  explicit ImageProcessor(const ImageProcessorConfig& config) : config_(config) {}
  // Of a model directory; fields that its file leaves out are those of `defaults`. A step that the file turns on ("do_...": true)
  // and omma does not know is refused, as is every other fault, with std::invalid_argument that names it.
  static ImageProcessor from_directory(const std::filesystem::path& directory, const ImageProcessorConfig& defaults = {});

  static ImageProcessor from_json(const json& object, const std::string& where, const ImageProcessorConfig& defaults = {});

  // What that file holds: the processor's object.
  static json read_file(const std::filesystem::path& directory);

  // [3, H, W] float32, normalised RGB. Throws std::invalid_argument for an empty image and one larger than its padding.
  // Thread-safe.
  Tensor operator()(const Image& image, int threads = 1) const;
  // What the picture fills of that, at the top left; the rest is padding.
  Size filled_size(Size image) const;
  const ImageProcessorConfig& config() const { return config_; }
  Resample resample() const;

 private:
  Size resized_size(Size image) const;
  Tensor without_antialias(const Image& image, Size size, Size filled) const;
  Normalisation normalisation() const;

  ImageProcessorConfig config_;
};

}  // namespace omma
