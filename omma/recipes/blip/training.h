// Training BLIP on pictures with captions: the task "blip" of a recipe. Pre-training has all three losses, fine-tuning a captioner
// the language model's alone, fine-tuning a filter the other two.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "omma/base/config.h"
#include "omma/recipes/blip/objective.h"
#include "omma/recipes/model_recipe.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma {

// The paper's, for pictures that are not drawn anew for every step.
struct BlipAugmentationConfig {
  double least_area = 1;   // of the part that a random crop keeps; 1: no crop. The paper: .2 for pre-training, .5 for fine-tuning
  bool mirror = false;     // half of the pictures whose caption has neither "left" nor "right"
  int64_t operations = 0;  // of RandAugment; the paper: 2
  double level = 5;        // their strength, of 10

  template <class Fields>
  void fields(Fields& field) {
    field("least_area", least_area, Range{0.01, 1});
    field("mirror", mirror);
    field("operations", operations, Range{0, 10});
    field("level", level, Range{0, 10});
  }
};

struct BlipTrainingConfig : ModelRecipe {
  std::string data = "world:captions=exact,count=100000000";  // as open_caption_dataset reads it
  std::string split = "train";
  std::string validation_data = "world:seed=1,captions=exact,references=5,objects=1-3,count=200";  // "": no figures
  std::string validation_split = "val";
  double max_fault_share = .05;  // of the samples left out, when the data are opened and for pictures later
  int64_t batch_size = 64;
  int64_t most_tokens = 35;  // of a caption; longer ones are cut
  BlipAugmentationConfig augmentation;
  BlipObjectiveConfig objective;

  template <class Fields>
  void fields(Fields& field) {
    ModelRecipe::fields(field);
    field("data", data);
    field("split", split);
    field("validation_data", validation_data);
    field("validation_split", validation_split);
    field("max_fault_share", max_fault_share, Range{0, 1});
    field("batch_size", batch_size, Range{2, 65536});
    field("most_tokens", most_tokens, Range{3, 512});
    field("augmentation", augmentation);
    field("objective", objective);
  }
};

// Validates a captioner by "cider" and, of the world, "exact_scene"; a matcher by "tr1" and "ir1". Throws std::invalid_argument
// naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_blip_training(const TrainerConfig& trainer, const BlipTrainingConfig& config,
                                                 Collective* collective = nullptr);

}  // namespace omma
