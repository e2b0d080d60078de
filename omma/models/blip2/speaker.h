// BLIP-2 and InstructBLIP with their language models: pictures and prompts to texts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/models/blip2/blip2.h"
#include "omma/models/language/predictor.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/torch.h"
#include "omma/tasks/language_model.h"
#include "omma/tasks/timing.h"
#include "omma/text/tokenizer.h"
#include "omma/vision/image.h"

namespace omma {

struct Blip2LanguageCheckpoint {
  Blip2Language model;
  Tokenizer tokenizer;                         // of the language model
  std::optional<Tokenizer> qformer_tokenizer;  // InstructBLIP's second one, of BERT
  ImageProcessor processor;
  GenerationConfig generation;  // ends as the language model's config says
};

// A Blip2ForConditionalGeneration or InstructBlipForConditionalGeneration directory, of transformers 4 or 5. Throws
// std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
Blip2LanguageCheckpoint load_blip2_language(const std::filesystem::path& directory, const LanguageOptions& options = {});

struct Blip2LanguageFiles {
  json tokenizer;          // tokenizer.json
  json tokenizer_config;   // tokenizer_config.json
  json qformer_tokenizer;  // InstructBLIP's: qformer_tokenizer/tokenizer.json
};
// Writes a directory that load_blip2_language() and transformers load.
void save_blip2_language(const std::filesystem::path& directory, const Blip2LanguageCheckpoint& checkpoint,
                         const Blip2LanguageFiles& files, torch::Dtype dtype);

// P pictures of S tokens, R prompts. Not thread-safe.
class Blip2Speaker {
 public:
  explicit Blip2Speaker(Blip2LanguageCheckpoint checkpoint) : checkpoint_(std::move(checkpoint)) {}

  struct Prompt {
    int64_t picture = 0;
    std::string text = {};
    std::optional<std::uint64_t> seed = {};
  };

  Tensor look_at(std::span<const Image> images, Timing* timing = nullptr);  // [P, S, C]

  // What the language model reads: each prompt's queries, then its words, as if alone. Throws std::invalid_argument for a prompt
  // that does not fit.
  EmbeddedPrompts read(const Tensor& features, std::span<const Prompt> prompts);

  // Their continuations, without blanks around them.
  std::vector<GeneratedText> write(const Tensor& features, std::span<const Prompt> prompts, const GenerationOptions& options);

  // The sum of the log-probabilities of the tokens of each text that would follow a prompt, its end among them.
  std::vector<double> score(const Tensor& features, const Prompt& prompt, std::span<const std::string> texts);

  const Blip2LanguageCheckpoint& checkpoint() const { return checkpoint_; }
  bool follows_instructions() const { return checkpoint_.qformer_tokenizer.has_value(); }
  bool rewrites() const { return checkpoint_.model.ptr()->language().is_encoder_decoder(); }

 private:
  std::vector<int64_t> ids_of(const std::string& text) const;
  Tensor ask(const Tensor& features, std::span<const Prompt> prompts);  // [R, Q, D]

  Blip2LanguageCheckpoint checkpoint_;
};

}  // namespace omma
