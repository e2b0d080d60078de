// Teaching CLIP's image encoder what every patch of the picture-book world shows, for a LLaVA that has to tell one thing from
// another: the task "clip-vision".
#pragma once

#include <memory>

#include "omma/recipes/model_recipe.h"
#include "omma/recipes/patch_training.h"
#include "omma/train/recipe.h"

namespace omma {

struct ClipTowerTrainingConfig : ModelRecipe, PatchTrainingConfig {  // `model`: CLIP's, or its vision_config alone
  // Whose state the patches are read from, as LLaVA's field of that name: -2 is what goes into the last block.
  int64_t vision_feature_layer = -2;

  template <class Fields>
  void fields(Fields& field) {
    ModelRecipe::fields(field);
    PatchTrainingConfig::fields(field);
    field("vision_feature_layer", vision_feature_layer, Range{-1024, -1});
  }
};

// Saves the image encoder alone, for a recipe's `vision_tower`. Throws std::invalid_argument naming the recipe's field, or the
// weights' file.
std::unique_ptr<TrainingTask> make_clip_tower_training(const TrainerConfig& trainer, const ClipTowerTrainingConfig& config);

}  // namespace omma
