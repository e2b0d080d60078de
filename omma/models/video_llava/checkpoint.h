// A Video-LLaVA model directory: what all its predictors hold.
#pragma once

#include <filesystem>

#include "omma/models/llava/checkpoint.h"
#include "omma/models/llava/processor.h"
#include "omma/models/video_llava/clip_processor.h"
#include "omma/models/video_llava/video_llava.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/weights.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct VideoLlavaCheckpoint {
  VideoLlava model;
  Tokenizer tokenizer;
  LlavaProcessor pictures;
  ClipProcessor clips;
  GenerationConfig generation;
};

// A VideoLlavaForConditionalGeneration directory, of transformers 4 or 5 or of omma. Throws std::invalid_argument naming the file,
// the field or tensor, what was expected and what was found.
VideoLlavaCheckpoint load_video_llava(const std::filesystem::path& directory, const LlavaOptions& options = {});

// Writes a directory that load_video_llava() loads, and transformers where the tower does not see time.
void save_video_llava(const std::filesystem::path& directory, const VideoLlavaCheckpoint& checkpoint, const LlavaFiles& files,
                      torch::Dtype dtype);

KeyTable video_llava_keys(const LlavaConfig& config);

}  // namespace omma
