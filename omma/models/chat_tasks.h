// A chat model that sees pictures, as a captioner and as an answerer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"
#include "omma/tasks/chat_model.h"

namespace omma {

// Asks for a caption of one sentence. The prompt that a caption begins with is the beginning of the model's turn.
class ChatCaptioner : public Captioner {
 public:
  explicit ChatCaptioner(std::unique_ptr<ChatModel> model) : model_(std::move(model)) {}
  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& options = {}) override;
  std::optional<int> video_frames() const override { return model_->video_frames(); }
  CaptionResult caption_video(const VideoClip& clip, const CaptionOptions& options = {}) override;

 private:
  CaptionResult caption(ChatTurn turn, const CaptionOptions& options, std::optional<std::uint64_t> seed);

  std::unique_ptr<ChatModel> model_;
};

// One turn with the question; of a closed list of answers the likeliest reply.
class ChatAnswerer : public Answerer {
 public:
  explicit ChatAnswerer(std::unique_ptr<ChatModel> model) : model_(std::move(model)) {}
  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& options = {}) override;
  std::optional<int> video_frames() const override { return model_->video_frames(); }

 private:
  std::unique_ptr<ChatModel> model_;
};

}  // namespace omma
