// From a clip's frames to what Video-LLaVA's tower looks at.
#pragma once

#include <filesystem>

#include "omma/models/video_llava/config.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/tensor.h"
#include "omma/vision/video.h"

namespace omma {

class ClipProcessor {
 public:
  // video_preprocessor_config.json, or the "video_processor" of processor_config.json, or where there is neither what the directory
  // has for pictures. Throws std::invalid_argument for files that do not fit the model.
  static ClipProcessor from_directory(const std::filesystem::path& directory, const VideoLlavaConfig& model);
  ClipProcessor(const VideoLlavaConfig& model, const ImageProcessorConfig& frames);

  Tensor operator()(const VideoClip& clip, int threads = 1) const;  // [T, 3, side, side] float32, on the CPU. Thread-safe
  int64_t tokens_of(const VideoClip& clip) const;                   // in a prompt

  const ImageProcessorConfig& config() const { return config_; }

 private:
  ImageProcessorConfig config_;
  int64_t tokens_per_frame_;
};

// video_preprocessor_config.json, as transformers reads it where there is antialias.
json write_clip_processor(const ImageProcessorConfig& config);

}  // namespace omma
