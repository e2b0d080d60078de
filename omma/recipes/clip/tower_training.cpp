#include "omma/recipes/clip/tower_training.h"

#include "omma/base/error.h"
#include "omma/models/clip/tower.h"
#include "omma/train/initial_weights.h"

namespace omma {
namespace {

ClipVisionModel make_tower(const ClipTowerTrainingConfig& config, std::uint64_t seed) {
  const json& vision = config.model.contains("vision_config") ? config.model["vision_config"] : config.model;
  torch::manual_seed(seed);
  ClipVisionModel tower(read_config<ClipVisionConfig>(vision, "model"));
  tower->init_weights();
  torch::nn::Module clip;  // under the name that it has in a CLIP
  clip.register_module("vision_model", tower.ptr());
  for (const std::string& from : config.initial_weights) load_matching_weights(clip, from);
  return tower;
}

}  // namespace

std::unique_ptr<TrainingTask> make_clip_tower_training(const TrainerConfig& trainer, const ClipTowerTrainingConfig& config) {
  ClipVisionModel tower = make_tower(config, trainer.seed);
  const ClipVisionConfig& vision = tower->config();
  const int64_t state = vision.num_hidden_layers + 1 + config.vision_feature_layer;
  check(state >= 0, "vision_feature_layer: expected -{} to -1, got {}", vision.num_hidden_layers + 1, config.vision_feature_layer);
  check(config.tokenizer.empty() && config.vocabulary.empty(), "tokenizer, vocabulary: an image encoder has no words");
  const ImageProcessorConfig processor = cropping_image_processor(vision.image_size);
  return make_patch_training({.module = tower.ptr(),
                              .features =
                                  [tower, state](const Tensor& pixels) mutable {
                                    const Tensor tokens = tower->hidden_states(pixels, {state}).front();  // [B, 1 + patches, C]
                                    return tokens.narrow(1, 1, tokens.size(1) - 1);
                                  },
                              .channels = vision.hidden_size,
                              .image_size = vision.image_size,
                              .patch_size = vision.patch_size,
                              .processor = processor,
                              .save = [tower, processor](const auto& directory) { save_clip_tower(directory, tower, processor); }},
                             config, trainer.seed);
}

}  // namespace omma
