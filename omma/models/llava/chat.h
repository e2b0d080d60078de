// A LLaVA checkpoint as the partner of a conversation about pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/models/llava/checkpoint.h"
#include "omma/nn/chat_generation.h"
#include "omma/tasks/chat_model.h"

namespace omma {

class LlavaChat : public ChatModel {
 public:
  // `chat_template` as find_chat_template() takes it; "": the directory's own. Throws std::invalid_argument.
  explicit LlavaChat(const std::filesystem::path& directory, const LlavaOptions& options = {},
                     const std::string& chat_template = "");
  LlavaChat(LlavaCheckpoint checkpoint, ChatTemplate chat_template);

  bool sees_pictures() const override { return true; }
  ChatReply chat(std::span<const ChatTurn> turns, const GenerationOptions& options = {},
                 const TextCallback& stream = nullptr) override;
  std::vector<double> score(std::span<const ChatTurn> turns, std::span<const std::string> replies) override;
  void clear() override;

 private:
  struct Picture {
    SharedImage image;
    int64_t number = 0;  // tells it from all others, also from forgotten ones
    int64_t tokens = 0;
    Tensor features = {};  // [F, C]; undefined until they are needed
  };
  struct Prompt {
    std::vector<int64_t> ids;  // with as many image tokens as the pictures have
    RememberedPrompt remembered;
  };

  Prompt prompt_of(std::span<const ChatTurn> turns);
  void look_at(std::span<const ChatTurn> turns);  // pictures_ becomes theirs, in order; what is known of them stays
  Tensor embeddings(const std::vector<int64_t>& ids, int64_t first);

  Llava model_;
  LlavaProcessor processor_;
  ChatGeneration generation_;
  std::vector<Picture> pictures_;  // of the last conversation, as they come in it
  int64_t next_number_ = 0;
  int encoded_ = 0;
};

}  // namespace omma
