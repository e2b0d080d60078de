// Conversations: turns of text, pictures and clips in, the next turn out.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "omma/tasks/language_model.h"
#include "omma/tasks/timing.h"
#include "omma/vision/image.h"
#include "omma/vision/video.h"

namespace omma {

using SharedImage = std::shared_ptr<const Image>;
using SharedVideo = std::shared_ptr<const VideoClip>;
using ChatPart = std::variant<std::string, SharedImage, SharedVideo>;

struct ChatTurn {
  std::string role;  // "system", "user", "assistant", or what the model's template knows
  std::vector<ChatPart> parts;

  ChatTurn() = default;
  ChatTurn(std::string speaker, std::string text) : role(std::move(speaker)), parts{std::move(text)} {}
  ChatTurn(std::string speaker, std::vector<ChatPart> content) : role(std::move(speaker)), parts(std::move(content)) {}
};

struct ChatReply : GeneratedText {
  int read_tokens = 0;       // of the prompt, pictures and clips among them, that were not in memory from earlier turns
  int encoded_pictures = 0;  // and clips; likewise
  Timing timing = {};        // `encode`: pictures and prompt
};

// Not thread-safe: one thread at a time per instance. What was read for the last conversation stays in memory: one that begins
// alike goes on from there, with the same result but for rounding.
class ChatModel {
 public:
  virtual ~ChatModel() = default;

  virtual bool sees_pictures() const = 0;
  virtual std::optional<int> video_frames() const { return std::nullopt; }  // of a clip, as it was taught; none: it sees no clips

  // What comes after the turns, by the model's template. Text is text, whatever special tokens or places for pictures are
  // spelled out in it. Throws std::invalid_argument for no turns, an empty picture or clip, those that the model cannot see or has
  // no room for, what its template refuses, and a prompt that does not fit the context.
  virtual ChatReply chat(std::span<const ChatTurn> turns, const GenerationOptions& options = {},
                         const TextCallback& stream = nullptr) = 0;

  // How likely each of these replies is: the sum of the log-probabilities of its tokens, its end among them. Throws as above.
  virtual std::vector<double> score(std::span<const ChatTurn> turns, std::span<const std::string> replies) = 0;

  // Forgets what is in memory.
  virtual void clear() = 0;
};

}  // namespace omma
