// A Video-LLaVA small enough to be made anew in every test: 4 tokens a picture, 5 a frame.
#pragma once

#include "omma/models/video_llava/checkpoint.h"
#include "tests/unit/llava/small_llava.h"

namespace omma::testing {

inline constexpr int64_t llava_video_token = 131;

// `time`: with the authors' temporal attention, over clips of four frames.
inline VideoLlavaConfig small_video_llava_config(bool time) {
  VideoLlavaConfig config;
  static_cast<LlavaConfig&>(config) = small_llava_config();
  config.video_token_index = llava_video_token;
  if (!time) return config;
  VideoTowerConfig tower;
  static_cast<ClipVisionConfig&>(tower) = config.vision_config;
  tower.num_frames = 4;
  config.video_config = tower;
  return config;
}

inline json small_video_llava_tokenizer() {
  json tokenizer = small_llava_tokenizer();
  json video = tokenizer["added_tokens"].back();
  video["content"] = "<video>";
  video["id"] = llava_video_token;
  tokenizer["added_tokens"].push_back(video);
  tokenizer["model"]["vocab"]["<video>"] = llava_video_token;
  return tokenizer;
}

inline VideoLlavaCheckpoint small_video_llava(bool time = false) {
  const VideoLlavaConfig config = small_video_llava_config(time);
  torch::manual_seed(6);
  VideoLlava model(config);
  model->image_tower->init_weights();
  model->video_tower->init_weights();
  model->language_model->initialise(0.3);
  model->eval();
  GenerationConfig generation;
  generation.eos_token_id = 1;
  const ImageProcessorConfig processor = cropping_image_processor(config.vision_config.image_size);
  return {.model = model,
          .tokenizer = Tokenizer::from_json(small_video_llava_tokenizer(), "tokenizer.json"),
          .pictures = LlavaProcessor(config, processor, ImageAspect::crop),
          .clips = ClipProcessor(config, processor),
          .generation = generation};
}

}  // namespace omma::testing
