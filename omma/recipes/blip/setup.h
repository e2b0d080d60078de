// What all trainings of BLIP models begin and end with: tokenizer, processor, a model with its initial weights, a saved directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/models/blip/checkpoint.h"
#include "omma/recipes/model_recipe.h"

namespace omma {

// What the recipes of BLIP models have in common.
struct BlipRecipe : ModelRecipe {
  std::string data, validation_data;  // as the task reads them; no validation data: no figures
  std::string split = "train";
  std::string validation_split = "val";
  double max_fault_share = .05;  // of the samples left out, when the data are opened and for pictures later
  int64_t batch_size = 64;       // captions or questions
  int64_t max_tokens = 35;       // of a text; longer ones are cut

  BlipRecipe(const char* usual_data, const char* usual_validation_data)
      : data(usual_data), validation_data(usual_validation_data) {}

  template <class Fields>
  void fields(Fields& field) {
    ModelRecipe::fields(field);
    field("data", data);
    field("split", split);
    field("validation_data", validation_data);
    field("validation_split", validation_split);
    field("max_fault_share", max_fault_share, Range{0, 1});
    field("batch_size", batch_size, Range{1, 65536});
    field(FieldNames{"max_tokens", "most_tokens"}, max_tokens, Range{3, 512});
  }
};

class BlipTrainingSetup {
 public:
  explicit BlipTrainingSetup(const ModelRecipe& recipe);

  const BlipConfig& config() const { return config_; }
  const ImageProcessor& processor() const { return processor_; }

  // Longer texts are cut to `max_tokens`, their [SEP] kept. Thread-safe.
  PaddedTexts tokenize(std::span<const std::string> texts, int64_t max_tokens) const;

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
