// LLaMA directories, for programs that want the network itself: a language model of any kind is a LanguagePredictor.
#pragma once

#include <filesystem>

#include "omma/models/language/network.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/llama.h"
#include "omma/nn/torch.h"

namespace omma {

// Throws as load_language() does.
LlamaForCausalLM load_llama(const std::filesystem::path& directory, const LanguageOptions& options = {});

// Writes a directory that load_language() and transformers load: config.json, model.safetensors, tokenizer.json,
// tokenizer_config.json, generation_config.json.
void save_llama(const std::filesystem::path& directory, const LlamaForCausalLM& model, const json& tokenizer,
                const GenerationConfig& generation, torch::Dtype dtype);

}  // namespace omma
