#include "omma/recipes/blip/vision_training.h"

#include "omma/models/blip/vision.h"
#include "omma/nn/weights.h"

namespace omma {
namespace {

// Under the name that it has in a BLIP.
void save_encoder(const std::filesystem::path& directory, const BlipVisionModel& encoder) {
  torch::nn::Module parent;
  parent.register_module("vision_model", encoder.ptr());
  std::filesystem::create_directories(directory);
  save_weights(directory / "model.safetensors", parent);
}

}  // namespace

std::unique_ptr<TrainingTask> make_blip_vision_training(const TrainerConfig& trainer, const BlipVisionTrainingConfig& config) {
  torch::manual_seed(trainer.seed);
  BlipVisionModel encoder(config.vision);
  for (auto& item : encoder->named_parameters()) {
    const torch::NoGradGuard no_grad;
    if (item.value().dim() > 1) item.value().normal_(0, config.vision.initializer_range);
  }
  return make_patch_training({.module = encoder.ptr(),
                              .features =
                                  [encoder](const Tensor& pixels) mutable {
                                    const Tensor tokens = encoder(pixels);  // [B, 1 + patches, C]
                                    return tokens.narrow(1, 1, tokens.size(1) - 1);
                                  },
                              .channels = config.vision.hidden_size,
                              .image_size = config.vision.image_size,
                              .patch_size = config.vision.patch_size,
                              .processor = square_image_processor(config.vision.image_size),
                              .save = [encoder](const auto& directory) { save_encoder(directory, encoder); }},
                             config, trainer.seed);
}

}  // namespace omma
