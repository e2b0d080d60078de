// What a recipe says of the model that it trains.
#pragma once

#include <string>
#include <vector>

#include "omma/base/json.h"

namespace omma {

// The base of a task's config. `model`'s vocabulary size and special tokens follow from the tokenizer.
struct ModelRecipe {
  json model = json::object();               // config.json of the model to be
  std::vector<std::string> vocabulary;       // words beside the world's
  std::vector<std::string> initial_weights;  // safetensors files or model directories: every tensor whose name and shape fit
  std::string tokenizer;                     // directory of a tokenizer.json to keep; "": made of the vocabulary

  template <class Fields>
  void fields(Fields& field) {
    field("model", model);
    field("vocabulary", vocabulary);
    field("initial_weights", initial_weights);
    field("tokenizer", tokenizer);
  }
};

}  // namespace omma
