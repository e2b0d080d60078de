// From a recipe to a trained model: what `omma train` does.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "omma/base/json.h"
#include "omma/train/trainer.h"

namespace omma {

// The task a recipe names ("blip", "grounding-dino", "planner" ...) with the Trainer's part. Throws std::invalid_argument
// beginning with `where` for an unknown task or field, and whatever opening the data and the weights throws.
std::pair<TrainerConfig, std::unique_ptr<TrainingTask>> open_recipe(const json& recipe, std::string_view where,
                                                                    Collective* collective = nullptr);

// Opens it without its initial weights: throws what open_recipe() would where the recipe or its data are wrong.
void check_recipe(json recipe, std::string_view where);

// Opens and trains. `recipe` comes from read_recipe(); the models that it starts from are there (with_found_models).
TrainingOutcome run_recipe(const json& recipe, std::string_view where, const TrainingOptions& options);

}  // namespace omma
