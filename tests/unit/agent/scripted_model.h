// A language model that says what a test tells it to.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "omma/tasks/language_model.h"

namespace omma::testing {

class ScriptedModel : public LanguageModel {
 public:
  explicit ScriptedModel(std::vector<std::string> texts, AgentFormat format = AgentFormat::compact)
      : texts_(std::move(texts)), format_(format) {}

  AgentFormat agent_format() const override { return format_; }

  // The next text; after the last, the last again.
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options, const TextCallback&) override {
    prompts.emplace_back(prompt);
    requests.push_back(options);
    GeneratedText text;
    text.text = texts_.empty() ? "" : texts_[std::min(prompts.size(), texts_.size()) - 1];
    for (const std::string& stop : options.stop) text.text = text.text.substr(0, text.text.find(stop));
    text.tokens = std::min(static_cast<int>(text.text.size() / 4 + 1), options.max_tokens.value_or(1 << 20));
    return text;
  }

  std::vector<std::string> prompts;
  std::vector<GenerationOptions> requests;

 private:
  std::vector<std::string> texts_;
  AgentFormat format_;
};

inline std::string act(const std::string& input, const std::string& name = "find") {
  return " Look.\nAction: " + name + "\nAction Input: " + input;
}

}  // namespace omma::testing
