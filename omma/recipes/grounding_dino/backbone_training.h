// Pre-training a backbone on the picture-book world, as the paper's starts from ImageNet: the task "world-backbone". Every position
// of every map says what it shows, a name and a colour; the maps' classifiers are thrown away afterwards.
#pragma once

#include <cstdint>
#include <memory>

#include "omma/base/config.h"
#include "omma/nn/swin.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma::grounding_dino {

struct BackboneTrainingConfig {
  SwinConfig backbone;
  int64_t batch_size = 16;
  int64_t size = 128;          // pixels a side
  double ground_weight = 0.2;  // of a position that shows the ground, against 1 for an object's

  template <class Fields>
  void fields(Fields& field) {
    field("backbone", backbone);
    field("batch_size", batch_size, Range{1, 4096});
    field("size", size, Range{32, 4096});
    field("ground_weight", ground_weight, Range{0, 1});
  }
};

// The saved directory holds model.safetensors with the names that Grounding DINO's checkpoints give their backbone, for a recipe's
// `initial_weights`.
std::unique_ptr<TrainingTask> make_backbone_training(const TrainerConfig& trainer, const BackboneTrainingConfig& config);

}  // namespace omma::grounding_dino
