// Conversations about what is seen, whatever model sees it: pictures and clips take the places of a token each in the prompt.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/nn/chat_generation.h"
#include "omma/nn/tensor.h"
#include "omma/tasks/chat_model.h"

namespace omma {

struct VisualPlace {
  int64_t token = 0;  // stands in a prompt's ids for what is seen
  std::string what;   // "pictures", "clips": for messages
};

// What a model brings to it.
class VisualEncoder {
 public:
  virtual ~VisualEncoder() = default;

  virtual std::optional<int> video_frames() const { return std::nullopt; }  // as ChatModel has it
  virtual std::vector<VisualPlace> places() const = 0;                      // all that there are
  virtual int64_t place_of(const ChatPart& seen) const = 0;                 // the token of its place
  virtual int64_t tokens_of(const ChatPart& seen) const = 0;  // F. Throw std::invalid_argument for what the model cannot see
  virtual Tensor look_at(const ChatPart& seen) = 0;           // [F, C]
};

class VisualChat : public ChatModel {
 public:
  VisualChat(std::unique_ptr<VisualEncoder> encoder, ChatGeneration generation)
      : encoder_(std::move(encoder)), generation_(std::move(generation)) {}

  bool sees_pictures() const override { return true; }
  std::optional<int> video_frames() const override { return encoder_->video_frames(); }
  ChatReply chat(std::span<const ChatTurn> turns, const GenerationOptions& options = {},
                 const TextCallback& stream = nullptr) override;
  std::vector<double> score(std::span<const ChatTurn> turns, std::span<const std::string> replies) override;
  void clear() override;

 private:
  struct Seen {
    ChatPart part;
    int64_t place = 0;
    int64_t number = 0;  // tells it from all others, also from forgotten ones
    int64_t tokens = 0;
    Tensor features = {};  // [F, C]; undefined until they are needed
  };
  struct Prompt {
    std::vector<int64_t> ids;  // with as many tokens in a place as what is seen has
    RememberedPrompt remembered;
  };

  Prompt prompt_of(std::span<const ChatTurn> turns);
  void recall(std::span<const ChatTurn> turns);  // seen_ becomes the turns', in order; what is known of them stays
  Tensor embeddings(const std::vector<int64_t>& ids, int64_t first);
  Tensor features_of(Seen& seen);

  std::unique_ptr<VisualEncoder> encoder_;
  ChatGeneration generation_;
  std::vector<Seen> seen_;  // of the last conversation, those of one place in the order of its prompt
  int64_t next_number_ = 0;
  int encoded_ = 0;
};

}  // namespace omma
