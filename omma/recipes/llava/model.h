// What a LLaVA in training begins and ends with: a whole one, or its parts put together, and the directory that is saved.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/recipes/llava/dialogue.h"
#include "omma/recipes/model_recipe.h"

namespace omma {

// `initial_weights`, if any, is one whole LLaVA, of which `vision_tower` replaces the tower. Without, it is made: of the tower of
// `vision_tower`, the language model of `language_model` and a new projector, or with new ones as `model` says where these are not
// named.
struct LlavaModelRecipe : ModelRecipe {
  std::string vision_tower;    // a CLIP directory, or one of its image encoder alone
  std::string language_model;  // a LLaMA or Mistral directory
  std::string chat_template;   // a built-in's name, a file, or a template itself; "": the directory's, else vicuna_v1
  std::string image_aspect;    // crop, pad or anyres; "": the directory's, else pad

  template <class Fields>
  void fields(Fields& field) {
    ModelRecipe::fields(field);
    field("vision_tower", vision_tower);
    field("language_model", language_model);
    field("chat_template", chat_template);
    field("image_aspect", image_aspect);
  }
};

struct LlavaInTraining {
  LlavaCheckpoint checkpoint;  // in fp32
  LlavaFiles files;
  DialogueForm form;
};

// The tokenizer, templates and generation settings are those of the recipe's `tokenizer`, else of `language_model`; without either
// the tokenizer has the world's words. One that has no <image> gets it, and the language model rows for it, the means of the
// others. Throws std::invalid_argument that names the recipe's field, or the file.
LlavaInTraining make_llava(const LlavaModelRecipe& recipe, std::uint64_t seed);

}  // namespace omma
