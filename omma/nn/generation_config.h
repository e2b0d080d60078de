// generation_config.json: how a checkpoint's authors generate with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/generation.h"
#include "omma/tasks/language_model.h"

namespace omma {

struct GenerationConfig {
  std::optional<int64_t> max_new_tokens;
  int64_t min_new_tokens = 0;
  std::optional<int64_t> max_length, min_length;  // prompt and new tokens together, where the two above do not say
  bool do_sample = false;
  int64_t num_beams = 1;
  double temperature = 1;
  double top_p = 1;
  int64_t top_k = 50;
  double repetition_penalty = 1;
  double length_penalty = 1;
  json early_stopping = false;         // true, false or "never"
  json eos_token_id;                   // a number, a list, or null
  json stop_strings;                   // where a text ends beside its tokens: a text, a list, or null
  std::string agent_format = "plain";  // plain or compact; a field of omma's
  std::string caption_prompt;          // what captions begin with unless the caller says; a field of omma's

  template <class Fields>
  void fields(Fields& field) {
    field("max_new_tokens", max_new_tokens, Range{1, 1 << 24});
    field("min_new_tokens", min_new_tokens, Range{0, 1 << 24});
    field("max_length", max_length, Range{1, 1 << 24});
    field("min_length", min_length, Range{0, 1 << 24});
    field("do_sample", do_sample);
    field("num_beams", num_beams, Range{1, 64});
    field("temperature", temperature, Range{0, 100});
    field("top_p", top_p, Range{0, 1});
    field("top_k", top_k, Range{0, 1 << 24});
    field("repetition_penalty", repetition_penalty, Range{1e-3, 100});
    field("length_penalty", length_penalty, Range{-10, 10});
    field("early_stopping", early_stopping);
    field("eos_token_id", eos_token_id);
    field("stop_strings", stop_strings);
    field("agent_format", agent_format);
    field("caption_prompt", caption_prompt);
  }
  void validate(Faults& faults) const;

  std::vector<int64_t> end_tokens() const;
};

// generation_config.json of a model directory, or the generation fields of its config.json where there is none; the end tokens come
// from config.json where the other file names none.
GenerationConfig read_generation_config(const std::filesystem::path& model_directory);

// The config's values under the caller's. `max_tokens` where neither says.
GenerationSettings settings_of(const GenerationConfig& config, const GenerationOptions& options, int64_t max_tokens);

// The same for a model whose lengths are by custom those of prompt and text together, of `prompt_tokens` tokens: `max_length` where
// nobody says.
GenerationSettings settings_of(const GenerationConfig& config, const GenerationOptions& options, int64_t prompt_tokens,
                               int64_t max_length);

// The caller's stop strings and the config's.
std::vector<std::string> stops_of(const GenerationConfig& config, const GenerationOptions& options);

// `settings` with lengths cut to what a prompt of `prompt_tokens` tokens (pictures among them) leaves of a model's `context`.
// Throws std::invalid_argument where the prompt leaves nothing, or settings are out of range.
GenerationSettings within_context(GenerationSettings settings, int64_t prompt_tokens, int64_t context);

}  // namespace omma
