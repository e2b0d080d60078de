// A LLaMA checkpoint as a language model.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "omma/nn/generation_config.h"
#include "omma/nn/llama.h"
#include "omma/nn/torch.h"
#include "omma/nn/weights.h"
#include "omma/tasks/language_model.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct LlamaPredictorOptions {
  torch::Device device = torch::kCPU;
  std::optional<torch::Dtype> dtype;  // default: fp32, but the checkpoint's own type from a billion parameters on
};

class LlamaPredictor : public LanguageModel {
 public:
  // A LlamaForCausalLM directory (config.json, weights, tokenizer). Throws std::invalid_argument that names the file and the field
  // or tensor, what was expected and what was found.
  explicit LlamaPredictor(const std::filesystem::path& directory, const LlamaPredictorOptions& options = {});
  LlamaPredictor(LlamaForCausalLM model, Tokenizer tokenizer, GenerationConfig generation);

  AgentFormat agent_format() const override;

  // Special tokens written out in the prompt are plain text; the tokenizer's own start token is put before it. `max_tokens` is cut
  // to what the context leaves, and is 256 where neither the caller nor the checkpoint says.
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options = {},
                         const TextCallback& stream = nullptr) override;

  LlamaForCausalLM& model() { return model_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  LlamaForCausalLM model_;
  Tokenizer tokenizer_;
  GenerationConfig generation_;
};

// Throws as the predictor does.
LlamaForCausalLM load_llama(const std::filesystem::path& directory, const LlamaPredictorOptions& options = {});

// transformers' files: old ones carry the rotary frequencies, tied ones may carry the head, equal to the embedding.
KeyTable llama_keys(const LlamaConfig& config);

// Writes a directory that LlamaPredictor and transformers load: config.json, model.safetensors, tokenizer.json,
// tokenizer_config.json, generation_config.json.
void save_llama(const std::filesystem::path& directory, const LlamaForCausalLM& model, const json& tokenizer,
                const GenerationConfig& generation, torch::Dtype dtype);

}  // namespace omma
