// Pre-training BLIP's image encoder on the picture-book world, as the paper's starts from ImageNet: the task "blip-vision". Every
// patch says what it shows, a name and a colour; the classifier is thrown away afterwards.
#pragma once

#include <cstdint>
#include <memory>

#include "omma/base/config.h"
#include "omma/models/blip/config.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma {

struct BlipVisionTrainingConfig {
  BlipVisionConfig vision;
  int64_t batch_size = 64;
  double ground_weight = 0.2;  // of a patch that shows the ground, against 1 for an object's

  template <class Fields>
  void fields(Fields& field) {
    field("vision", vision);
    field("batch_size", batch_size, Range{1, 4096});
    field("ground_weight", ground_weight, Range{0, 1});
  }
};

// The saved directory holds model.safetensors with the names that BLIP's checkpoints give their image encoder, for a recipe's
// `initial_weights`. Validates by the share of right names and colours among the patches that show an object.
std::unique_ptr<TrainingTask> make_blip_vision_training(const TrainerConfig& trainer, const BlipVisionTrainingConfig& config);

}  // namespace omma
