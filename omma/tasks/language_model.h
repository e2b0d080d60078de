// Text in, text out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// Unset values come from the model's generation_config.json.
struct GenerationOptions {
  std::optional<int> max_tokens;
  std::optional<int> min_tokens;
  std::optional<bool> sample;  // false: greedy, or beam search with beams > 1
  std::optional<int> beams;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;
  std::optional<double> repetition_penalty;
  std::optional<double> length_penalty;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;  // generation ends before the first of these; it is not part of the text
};

struct GeneratedText {
  std::string text;
  int prompt_tokens = 0;
  int tokens = 0;
  enum class End { eos, stop, length, cancelled } end = End::eos;
  double score = 0;  // mean log-probability of the generated tokens, 0 where the back end does not tell
};

// Receives text as it is made (whole UTF-8 characters, never part of a stop string); false cancels.
using TextCallback = std::function<bool(std::string_view piece)>;

// How a model was trained to plan with tools: `compact` is question and steps alone, `plain` explains tools and format first.
enum class AgentFormat { plain, compact };

// Not thread-safe: one thread at a time per instance.
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;

  virtual AgentFormat agent_format() const { return AgentFormat::plain; }

  // Continues `prompt`, plain text in which special tokens have no meaning. Throws std::invalid_argument where the prompt does
  // not fit the context, std::runtime_error where a remote model fails.
  virtual GeneratedText generate(std::string_view prompt, const GenerationOptions& options = {},
                                 const TextCallback& stream = nullptr) = 0;
};

}  // namespace omma
