// Text in, text out.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "omma/tasks/generation_options.h"

namespace omma {

struct GeneratedText {
  std::string text;
  int prompt_tokens = 0;
  int tokens = 0;
  enum class End { eos, stop, length, cancelled } end = End::eos;
  double score = 0;  // mean log-probability of the generated tokens, 0 where the back end does not tell
};

// Receives text as it is made (whole UTF-8 characters, never part of a stop string); false cancels.
using TextCallback = std::function<bool(std::string_view piece)>;

// How a model was trained to plan: `compact` is the tools' names, question and steps, `plain` explains tools and format first.
enum class AgentFormat { plain, compact };

// Not thread-safe: one thread at a time per instance.
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;

  virtual AgentFormat agent_format() const { return AgentFormat::plain; }

  // Whether it has the picture that it is asked to plan about before it.
  virtual bool sees_picture() const { return false; }

  // Continues `prompt`, plain text in which special tokens have no meaning. Throws std::invalid_argument where the prompt does
  // not fit the context, std::runtime_error where a remote model fails.
  virtual GeneratedText generate(std::string_view prompt, const GenerationOptions& options = {},
                                 const TextCallback& stream = nullptr) = 0;
};

}  // namespace omma
