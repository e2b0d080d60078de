// Text from any decoder: what stands between a predictor's prompt and its result.
//
//   const GenerationSettings settings = within_context(settings_of(config, options, 256), ids.size(), context);
//   CausalDecoder decoder(*model, {model->embed(ids)}, settings.max_tokens, settings.deadline);
//   const TextPrompt prompt{.tokens = ids, .length = ids.size(), .stop = options.stop, .stream = stream};
//   return generate_texts(decoder, tokenizer, std::span(&prompt, 1), settings).front();
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/nn/generation.h"
#include "omma/tasks/language_model.h"
#include "omma/text/tokenizer.h"

namespace omma {

// One of the prompts that a decoder holds, as ids or as embeddings.
struct TextPrompt {
  std::vector<int64_t> tokens = {};    // as the repetition penalty sees them; may be empty
  int64_t length = 0;                  // in tokens, pictures among them
  bool runs_on = false;                // the text goes on in the prompt's last word or after it, with the blank that separates them
  std::optional<uint64_t> seed = {};   // of sampling; none: the settings'
  std::vector<std::string> stop = {};  // the text ends before the first of these
  TextCallback stream = nullptr;       // beam search tells its text when it is whole
};

// Continues all prompts of the decoder, each as it would be alone. A text ends by an end token, before a stop string, with
// max_tokens, when its stream wants no more, or at the deadline with what there is. Throws std::invalid_argument for settings and
// stop strings out of range.
std::vector<GeneratedText> generate_texts(AutoregressiveDecoder& decoder, const Tokenizer& tokenizer,
                                          std::span<const TextPrompt> prompts, const GenerationSettings& settings);

}  // namespace omma
