// Adapters apart from their model, as PEFT 0.21 keeps LoRA: a directory of adapter_config.json and adapter_model.safetensors (or
// .bin), whose tensors are base_model.model.LAYER.lora_A.weight and lora_B.weight, and whole weights beside them.
// https://huggingface.co/docs/peft/developer_guides/checkpoint
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "omma/io/tensor_file.h"
#include "omma/nn/lora.h"
#include "omma/nn/torch.h"
#include "omma/nn/weights.h"

namespace omma {

// Whether the directory holds an adapter.
bool is_adapter_directory(const std::filesystem::path& directory);

// Makes the directory where there is none and writes the adapters that add_lora(module, config) made, with what `modules_to_save`
// chose, in float32. `base` is the model that they are for: its directory or ID. `name_of`, if any, gives a part or weight of the
// module its name in the library that PEFT adapts.
using RenamePart = std::function<std::string(const std::string& name)>;
void save_adapter(const std::filesystem::path& directory, const torch::nn::Module& module, const LoraConfig& config,
                  const std::string& base, const RenamePart& name_of = {});

struct PeftAdapter {
  std::string where;  // its directory, for messages
  std::string base;   // base_model_name_or_path; "": not told
  double alpha = 8;
  bool use_rslora = false;
  TensorFile weights;
};

// Throws std::invalid_argument where the config is no LoRA's, asks for what changes the sum W + scale B A (DoRA and the like), or
// tells another rank than the tensors.
PeftAdapter read_adapter(const std::filesystem::path& directory);

// The base's weights with the adapter in them, each in its own type; those that the adapter does not change are the base's bytes.
// Two names are the same, too, where `keys` make one of them. All tensors of the adapter that fit none of the base's by name and
// shape are told in one std::invalid_argument.
TensorFile merge_adapter(const TensorFile& base, const PeftAdapter& adapter, const KeyTable& keys = {});

}  // namespace omma
