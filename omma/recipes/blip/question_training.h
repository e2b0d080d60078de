// Training BLIP to answer questions about pictures: the task "blip-questions" of a recipe.
#pragma once

#include <memory>

#include "omma/recipes/blip/setup.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma {

struct BlipQuestionTrainingConfig : BlipRecipe {
  BlipQuestionTrainingConfig()
      : BlipRecipe("world:count=100000000", "world:seed=1,count=300") {}  // as open_question_dataset reads them
};

// The loss as the authors weigh it: of each answer the sum over its tokens, times the share of annotators who gave it, over the
// batch. Validates by "accuracy". Throws std::invalid_argument naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_blip_question_training(const TrainerConfig& trainer, const BlipQuestionTrainingConfig& config);

}  // namespace omma
