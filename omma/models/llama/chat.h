// A LLaMA checkpoint as the partner of a conversation in text.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "omma/models/llama/checkpoint.h"
#include "omma/nn/chat_generation.h"
#include "omma/tasks/chat_model.h"

namespace omma {

class LlamaChat : public ChatModel {
 public:
  // `chat_template` as find_chat_template() takes it; "": the directory's own. Throws std::invalid_argument.
  explicit LlamaChat(const std::filesystem::path& directory, const LanguageOptions& options = {},
                     const std::string& chat_template = "");

  explicit LlamaChat(ChatGeneration generation) : generation_(std::move(generation)) {}

  bool sees_pictures() const override { return false; }
  ChatReply chat(std::span<const ChatTurn> turns, const GenerationOptions& options = {},
                 const TextCallback& stream = nullptr) override;
  std::vector<double> score(std::span<const ChatTurn> turns, std::span<const std::string> replies) override;
  void clear() override { generation_.clear(); }

 private:
  RememberedPrompt prompt_of(const std::vector<int64_t>& ids);

  ChatGeneration generation_;
};

}  // namespace omma
