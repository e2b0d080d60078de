// From a clip's frames to what Video-LLaVA's tower looks at.
#pragma once

#include <filesystem>

#include "omma/models/video_llava/config.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/tensor.h"
#include "omma/vision/video.h"

namespace omma {

struct ClipProcessorConfig {
  ImageProcessorConfig frames;
  // Whether shrinking looks at all pixels, as Pillow's does. The authors' code is without: it takes four neighbours of every
  // sample, from normalised numbers, which are not rounded again.
  bool antialias = true;
};

class ClipProcessor {
 public:
  // video_preprocessor_config.json, or the "video_processor" of processor_config.json, or where there is neither what the directory
  // has for pictures. Throws std::invalid_argument for files that do not fit the model.
  static ClipProcessor from_directory(const std::filesystem::path& directory, const VideoLlavaConfig& model);
  ClipProcessor(const VideoLlavaConfig& model, const ClipProcessorConfig& config);

  Tensor operator()(const VideoClip& clip, int threads = 1) const;  // [T, 3, side, side] float32, on the CPU. Thread-safe
  int64_t tokens_of(const VideoClip& clip) const;                   // in a prompt

  const ClipProcessorConfig& config() const { return config_; }

 private:
  ClipProcessorConfig config_;
  int64_t side_, tokens_per_frame_;
};

// video_preprocessor_config.json, as transformers reads it where `antialias` is set.
json write_clip_processor(const ClipProcessorConfig& config);

}  // namespace omma
