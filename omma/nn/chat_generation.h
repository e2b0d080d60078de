// Conversations with a LLaMA: from turns to tokens, and from there to the next turn. What every chat predictor holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/llama.h"
#include "omma/nn/prompt_memory.h"
#include "omma/tasks/chat_model.h"
#include "omma/text/chat_template.h"
#include "omma/text/tokenizer.h"

namespace omma {

// Turns as chat templates take them: content is a text, or with `in_parts` a list of {"type": "text", "text": ...},
// {"type": "image"} and {"type": "video"}.
ordered_json chat_turns_json(std::span<const ChatTurn> turns, bool in_parts);

// "": the directory's own template; else one by name, or of a file, with the directory's special tokens. Throws
// std::invalid_argument.
ChatTemplate find_chat_template(const std::filesystem::path& directory, const std::string& name);

// Not thread-safe.
class ChatGeneration {
 public:
  ChatGeneration(LlamaForCausalLM model, Tokenizer tokenizer, ChatTemplate chat_template, GenerationConfig generation);

  // The prompt's ids. Special tokens count where the template wrote them; in what people wrote they are text. A last turn of the
  // assistant is one that goes on. Throws std::invalid_argument.
  std::vector<int64_t> encode(std::span<const ChatTurn> turns, bool in_parts) const;

  // Of a prompt whose places may be other than words; `ids` as the repetition penalty sees them.
  ChatReply reply(const RememberedPrompt& prompt, const std::vector<int64_t>& ids, const GenerationOptions& options,
                  const TextCallback& stream);

  // The sum of the log-probabilities of a reply's tokens, its end among them.
  double score(const RememberedPrompt& prompt, const std::string& reply);

  LlamaForCausalLM& model() { return model_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  void clear() { memory_.clear(); }

 private:
  LlamaForCausalLM model_;
  Tokenizer tokenizer_;
  ChatTemplate template_;
  GenerationConfig generation_;
  PromptMemory memory_;
};

}  // namespace omma
