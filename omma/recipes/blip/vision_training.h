// Pre-training BLIP's image encoder on the picture-book world, as the paper's starts from ImageNet: the task "blip-vision".
#pragma once

#include <memory>

#include "omma/models/blip/config.h"
#include "omma/recipes/patch_training.h"
#include "omma/train/recipe.h"

namespace omma {

struct BlipVisionTrainingConfig : PatchTrainingConfig {
  BlipVisionConfig vision;

  template <class Fields>
  void fields(Fields& field) {
    PatchTrainingConfig::fields(field);
    field("vision", vision);
  }
};

// The saved directory holds model.safetensors with the names that BLIP's checkpoints give their image encoder, for a recipe's
// `initial_weights`.
std::unique_ptr<TrainingTask> make_blip_vision_training(const TrainerConfig& trainer, const BlipVisionTrainingConfig& config);

}  // namespace omma
