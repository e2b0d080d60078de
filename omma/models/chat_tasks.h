// A chat model that sees pictures, as a captioner and as an answerer.
#pragma once

#include <memory>
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

 private:
  std::unique_ptr<ChatModel> model_;
};

// One turn with the question; of a closed list of answers the likeliest reply.
class ChatAnswerer : public Answerer {
 public:
  explicit ChatAnswerer(std::unique_ptr<ChatModel> model) : model_(std::move(model)) {}
  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& options = {}) override;

 private:
  std::unique_ptr<ChatModel> model_;
};

}  // namespace omma
