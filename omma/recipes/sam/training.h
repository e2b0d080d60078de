// Training SAM: the task "sam" of a recipe.
#pragma once

#include <memory>
#include <string>

#include "omma/base/config.h"
#include "omma/recipes/model_recipe.h"
#include "omma/recipes/sam/interaction.h"
#include "omma/recipes/sam/objective.h"
#include "omma/recipes/sam/samples.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma::sam {

struct TrainingConfig {
  json model = json::object();               // config.json of the model to be
  std::vector<std::string> initial_weights;  // safetensors files or model directories: every tensor whose name and shape fit
  std::string data = "world";                // or a segmentation data set, KIND:PATH
  std::string data_root;                     // folder of a relative path in `data`; "": the current one
  std::string split = "train";
  std::string validation_split = "val";
  int64_t validation_pictures = 100;  // the first of the split; 0: no figures
  double max_fault_share = .05;
  int64_t batch_size = 8;
  int64_t max_masks = 4;   // of a picture
  int64_t min_pixels = 8;  // of a mask, of the frame
  WorldMaskConfig world;
  MaskAugmentation augmentation;
  InteractionConfig interaction;
  ObjectiveConfig loss;
  bool single_mask = false;  // an ablation: the first answer is one mask, too, however ambiguous the prompt

  template <class Fields>
  void fields(Fields& field) {
    field("model", model);
    field("initial_weights", initial_weights);
    field("data", data);
    field("data_root", data_root);
    field("split", split);
    field("validation_split", validation_split);
    field("validation_pictures", validation_pictures, Range{0, 1e6});
    field("max_fault_share", max_fault_share, Range{0, 1});
    field("batch_size", batch_size, Range{1, 4096});
    field("max_masks", max_masks, Range{1, 1024});
    field("min_pixels", min_pixels, Range{1, 1e9});
    field("world", world);
    field("augmentation", augmentation);
    field("interaction", interaction);
    field("loss", loss);
    field("single_mask", single_mask);
  }
};

// Validates by `evaluate_segmentation` without automatic masks: {"miou1", "miou3", "miou5", "miou_oracle3", "miou_box"}.
//
// The first prompt, where it is a click, is answered with several masks of which the best learns; a box both so and by the single
// mask; later ones by the single mask. Throws std::invalid_argument naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_training(const TrainerConfig& trainer, const TrainingConfig& config);

}  // namespace omma::sam
