// A LLaVA model directory: what all its predictors hold.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>

#include "omma/models/llava/llava.h"
#include "omma/models/llava/processor.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/torch.h"
#include "omma/nn/weights.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct LlavaOptions {
  torch::Device device = torch::kCPU;
  std::optional<torch::Dtype> dtype = {};  // default: fp32, but the checkpoint's own type from a billion parameters on
  std::optional<ImageAspect> aspect = {};  // default: as the directory says
};

struct LlavaCheckpoint {
  Llava model;
  Tokenizer tokenizer;
  LlavaProcessor processor;
  GenerationConfig generation;
};

// A LlavaForConditionalGeneration or LlavaNextForConditionalGeneration directory, of transformers 4 or 5. Throws
// std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
LlavaCheckpoint load_llava(const std::filesystem::path& directory, const LlavaOptions& options = {});

struct LlavaFiles {
  json tokenizer;             // tokenizer.json
  json tokenizer_config;      // tokenizer_config.json
  std::string chat_template;  // its source; "": none
};
// Writes a directory that load_llava() and transformers load.
void save_llava(const std::filesystem::path& directory, const LlavaCheckpoint& checkpoint, const LlavaFiles& files,
                torch::Dtype dtype);

// For relatives of the format. That the tokenizer has no more words than the model, and the token that ends an answer where
// generation_config.json names none.
void expect_llava_tokens(const std::filesystem::path& directory, const Tokenizer& tokenizer, const LlavaConfig& config);
void add_llava_end(GenerationConfig& generation, const json& config);

// The names that versions of transformers write, to the module's, which are those of version 4's files and the published ones.
KeyTable llava_keys(const LlavaConfig& config, std::initializer_list<std::string> towers = {"vision_tower"});

// A part or weight of the module as transformers 5's modules are called, which PEFT names its adapters by.
std::string llava_part_in_transformers(const std::string& name);

}  // namespace omma
