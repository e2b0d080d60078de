// What all trainings of BLIP models begin and end with: tokenizer, processor, a model with its initial weights, a saved directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/models/blip/checkpoint.h"
#include "omma/recipes/model_recipe.h"

namespace omma {

class BlipTrainingSetup {
 public:
  explicit BlipTrainingSetup(const ModelRecipe& recipe);

  const BlipConfig& config() const { return config_; }
  const ImageProcessor& processor() const { return processor_; }

  // Longer texts are cut to `most_tokens`, their [SEP] kept. Thread-safe.
  BlipTexts tokenize(std::span<const std::string> texts, int64_t most_tokens) const;

  Blip make_model(std::uint64_t seed) const;

  // The model as predictors hold it; the same weights.
  BlipCheckpoint checkpoint(const Blip& model) const;
  void save(const std::filesystem::path& directory, const Blip& model) const;

 private:
  std::vector<std::string> initial_weights_;
  json tokenizer_json_;
  Tokenizer tokenizer_;
  BlipConfig config_;
  ImageProcessor processor_;
  GenerationConfig generation_;
};

}  // namespace omma
