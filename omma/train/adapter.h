// Fine-tuning by low-rank adapters: the "lora" field of a task's recipe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "omma/nn/lora.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/torch.h"
#include "omma/train/initial_weights.h"

namespace omma {

struct AdapterConfig : LoraConfig {
  std::string save = "merged";  // a model directory with the adapters in its weights, or "adapter": PEFT's files alone
  std::string base;             // the model that they are for, as the adapter's file names it; "": the recipe's initial weights

  template <class Fields>
  void fields(Fields& field) {
    LoraConfig::fields(field);
    field("save", save);
    field("base", base);
  }
  void validate(Faults& faults) const;
};

// What a run starts from: the tensors of `initial_weights` that fit, in order (load_matching_weights, with `fit`), then adapters on
// them. Where the adapters are kept apart, the weights must all come from one model as they are, which `lora.base` names. A run
// that is resumed gets its weights from the checkpoint: it has no initial ones here.
void start_from(torch::nn::Module& module, const std::vector<std::string>& initial_weights,
                const std::optional<AdapterConfig>& lora = {}, const FitWeight& fit = {});

// Writes the directory of a model in training: save_model_directory, or the adapters alone where the recipe says so.
void save_trained_model(const std::filesystem::path& directory, const torch::nn::Module& module, const ModelFiles& files,
                        torch::Dtype dtype, const std::optional<AdapterConfig>& lora = {});
bool is_kept_apart(const std::optional<AdapterConfig>& lora);

}  // namespace omma
