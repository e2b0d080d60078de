// From a picture to what LLaVA's tower looks at.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "omma/models/llava/config.h"
#include "omma/models/llava/llava.h"
#include "omma/nn/image_processor.h"
#include "omma/vision/image.h"

namespace omma {

// How a picture that is no square becomes one: by cutting its middle out, by a border of the mean colour, or, NeXT alone, squeezed
// and in parts beside.
enum class ImageAspect { crop, pad, anyres };
ImageAspect image_aspect_by_name(std::string_view name);  // "crop", "pad", "anyres"; throws std::invalid_argument

class LlavaProcessor {
 public:
  // As preprocessor_config.json says, or by `aspect`. transformers' directories of 1.5 crop, though the authors pad: the directory
  // decides. Throws std::invalid_argument for files that do not fit the model, and for anyres where the model is no NeXT.
  static LlavaProcessor from_directory(const std::filesystem::path& directory, const LlavaConfig& config,
                                       std::optional<ImageAspect> aspect = {});
  LlavaProcessor(const LlavaConfig& config, const ImageProcessorConfig& processor, ImageAspect aspect);

  LlavaViews operator()(const Image& image, int threads = 1) const;  // float32, on the CPU. Thread-safe
  int64_t tokens_of(Size picture) const;                             // in a prompt

  ImageAspect aspect() const { return aspect_; }
  const ImageProcessorConfig& config() const { return processor_.config(); }

 private:
  LlavaConfig model_;
  ImageProcessor processor_;
  ImageAspect aspect_;
};

// The picture in the middle of a square of its longer side, the rest in the colour that normalises to about zero.
Image padded_to_square(const Image& image, const ImageProcessorConfig& processor);

// preprocessor_config.json as transformers reads it.
json write_llava_processor(const LlavaProcessor& processor, const LlavaConfig& config);

}  // namespace omma
