// Training BLIP to answer questions about pictures: the task "blip-questions" of a recipe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "omma/base/config.h"
#include "omma/recipes/model_recipe.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma {

struct BlipQuestionTrainingConfig : ModelRecipe {
  std::string data = "world:count=100000000";  // as open_question_dataset reads it
  std::string split = "train";
  std::string validation_data = "world:seed=1,count=300";  // "": no figures
  std::string validation_split = "val";
  double max_fault_share = .05;  // of the samples left out, when the data are opened and for pictures later
  int64_t batch_size = 64;       // questions
  int64_t most_tokens = 35;      // of a question or an answer; longer ones are cut

  template <class Fields>
  void fields(Fields& field) {
    ModelRecipe::fields(field);
    field("data", data);
    field("split", split);
    field("validation_data", validation_data);
    field("validation_split", validation_split);
    field("max_fault_share", max_fault_share, Range{0, 1});
    field("batch_size", batch_size, Range{1, 65536});
    field("most_tokens", most_tokens, Range{3, 512});
  }
};

// The loss as the authors weigh it: of each answer the sum over its tokens, times the share of annotators who gave it, over the
// batch. Validates by "accuracy". Throws std::invalid_argument naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_blip_question_training(const TrainerConfig& trainer, const BlipQuestionTrainingConfig& config);

}  // namespace omma
