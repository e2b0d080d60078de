// A language model directory, whatever its network: text on.
#pragma once

#include <filesystem>
#include <string_view>

#include "omma/models/language/network.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/torch.h"
#include "omma/tasks/language_model.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct LanguageCheckpoint {
  LanguageConfig config;
  LanguageModule language;
  Tokenizer tokenizer;
  GenerationConfig generation;
};

// A LlamaForCausalLM, OPTForCausalLM or T5ForConditionalGeneration directory (config.json, weights, tokenizer). Throws
// std::invalid_argument that names the file and the field or tensor, what was expected and what was found.
LanguageCheckpoint load_language(const std::filesystem::path& directory, const LanguageOptions& options = {});

// Writes a directory that load_language() and transformers load.
struct LanguageFiles {
  json tokenizer;         // tokenizer.json
  json tokenizer_config;  // tokenizer_config.json
};
void save_language(const std::filesystem::path& directory, const LanguageCheckpoint& checkpoint, const LanguageFiles& files,
                   torch::Dtype dtype);

// Throws std::invalid_argument where the tokenizer or the end tokens name words that the network has not.
void expect_words(const LanguageNetwork& network, const Tokenizer& tokenizer, const GenerationConfig& generation);

class LanguagePredictor : public LanguageModel {
 public:
  explicit LanguagePredictor(LanguageCheckpoint checkpoint);

  AgentFormat agent_format() const override;

  // Special tokens written out in the prompt are plain text; the tokenizer's own are put around it. `max_tokens` is cut to what the
  // context leaves, and is 256 where neither the caller nor the checkpoint says.
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options = {},
                         const TextCallback& stream = nullptr) override;

  LanguageNetwork& network() { return *checkpoint_.language.network; }
  const Tokenizer& tokenizer() const { return checkpoint_.tokenizer; }

 private:
  LanguageCheckpoint checkpoint_;
};

}  // namespace omma
