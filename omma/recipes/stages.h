// What a recipe starts from: models of the zoo, and of other recipes, its stages.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "omma/base/json.h"

namespace omma {

// A recipe from what a user names it by: a file; else NAME, NAME.json or recipes/NAME.json of the program's own recipes, wherever
// it is called. Throws std::invalid_argument.
std::filesystem::path find_recipe(std::string_view name);

// Where a recipe's run lies unless the user says otherwise: out/NAME.
std::filesystem::path run_directory(const std::filesystem::path& recipe);

// The recipes that `recipe` names in `initial_weights`, `vision_tower` and `language_model` whose runs in their run_directory() are
// not done, in order.
std::vector<std::filesystem::path> missing_stages(const json& recipe);

// The recipe with what it leaves to the model that comes first in its `initial_weights`: `model`, where it has none, is that one's
// config.json; a LLaVA keeps its tokenizer; an adapter that is kept apart (`lora`) has it for its base.
json with_start_completed(json recipe);

// The recipe without its `initial_weights`, and with what the recipes of stages that are not done say of their models in the place
// of these: for looking at it before they are trained.
json with_stages_described(json recipe);

// The recipe with the places of `initial_weights`, `tokenizer`, `teacher`, `vision_tower` and `language_model` in place of what it
// names: a path that exists is itself, a recipe stands for the model of its run, NAME and zoo/NAME for the zoo's. Throws
// std::invalid_argument that says how to make what is absent.
json with_found_models(json recipe);

}  // namespace omma
