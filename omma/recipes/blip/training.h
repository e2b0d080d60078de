// Training BLIP on pictures with captions: the task "blip" of a recipe. Pre-training has all three losses, fine-tuning a captioner
// the language model's alone, fine-tuning a filter the other two.
#pragma once

#include <cstdint>
#include <memory>

#include "omma/base/config.h"
#include "omma/recipes/blip/objective.h"
#include "omma/recipes/blip/setup.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma {

// The paper's, for pictures that are not drawn anew for every step.
struct BlipAugmentationConfig {
  double min_area = 1;     // of the part that a random crop keeps; 1: no crop. The paper: .2 for pre-training, .5 for fine-tuning
  bool flip = false;       // half of the pictures whose caption has neither "left" nor "right"
  int64_t operations = 0;  // of RandAugment; the paper: 2
  double level = 5;        // their strength, of 10

  template <class Fields>
  void fields(Fields& field) {
    field(FieldNames{"min_area", "least_area"}, min_area, Range{0.01, 1});
    field(FieldNames{"flip", "mirror"}, flip);
    field("operations", operations, Range{0, 10});
    field("level", level, Range{0, 10});
  }
};

struct BlipTrainingConfig : BlipRecipe {
  BlipAugmentationConfig augmentation;
  BlipObjectiveConfig objective;

  BlipTrainingConfig()  // as open_caption_dataset reads them
      : BlipRecipe("world:captions=exact,count=100000000", "world:seed=1,captions=exact,references=5,objects=1-3,count=200") {}

  template <class Fields>
  void fields(Fields& field) {
    BlipRecipe::fields(field);
    field("augmentation", augmentation);
    field("objective", objective);
  }
  void validate(Faults& faults) const { faults.expect(batch_size >= 2, "batch_size: expected at least 2, got {}", batch_size); }
};

// Validates a captioner by "cider" and, of the world, "exact_scene"; a matcher by "tr1" and "ir1". Throws std::invalid_argument
// naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_blip_training(const TrainerConfig& trainer, const BlipTrainingConfig& config,
                                                 Collective* collective = nullptr);

}  // namespace omma
