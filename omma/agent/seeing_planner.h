// A chat model that sees the picture or clip while it plans.
#pragma once

#include <memory>
#include <string_view>

#include "omma/tasks/chat_model.h"
#include "omma/tasks/language_model.h"

namespace omma {

// The loop's text is a user's turn, with the picture or clip before it; the reply goes on with it. It is encoded once.
class SeeingPlanner : public LanguageModel {
 public:
  // Throws std::invalid_argument for a model that sees no pictures.
  SeeingPlanner(std::unique_ptr<ChatModel> model, ChatPart shown);

  bool sees_picture() const override { return true; }
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options = {},
                         const TextCallback& stream = nullptr) override;

 private:
  std::unique_ptr<ChatModel> model_;
  ChatPart shown_;
};

}  // namespace omma
