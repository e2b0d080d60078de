// A model directory, as transformers and omma load it.
#pragma once

#include <filesystem>
#include <optional>

#include "omma/base/json.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/torch.h"

namespace omma {

// What lies beside the weights. Null and absent parts are not written.
struct ModelFiles {
  json config;                                      // config.json; gains the type of the weights
  json tokenizer = nullptr;                         // tokenizer.json
  json tokenizer_config = nullptr;                  // tokenizer_config.json
  json processor = nullptr;                         // preprocessor_config.json
  std::optional<GenerationConfig> generation = {};  // generation_config.json
};

// Makes the directory where there is none and writes model.safetensors, floating weights as `dtype`, and the files.
void save_model_directory(const std::filesystem::path& directory, const torch::nn::Module& model, const ModelFiles& files,
                          torch::Dtype dtype);

// tokenizer_config.json of a BERT tokenizer for lower-case text.
json bert_tokenizer_config(int64_t max_tokens);

}  // namespace omma
