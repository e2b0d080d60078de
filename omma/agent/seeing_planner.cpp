#include "omma/agent/seeing_planner.h"

#include <array>

#include "omma/base/error.h"

namespace omma {

SeeingPlanner::SeeingPlanner(std::unique_ptr<ChatModel> model, ChatPart shown)
    : model_(std::move(model)), shown_(std::move(shown)) {
  check(model_->sees_pictures(), "agent: expected a chat model that sees pictures");
}

GeneratedText SeeingPlanner::generate(std::string_view prompt, const GenerationOptions& options, const TextCallback& stream) {
  const std::array<ChatTurn, 1> turns = {ChatTurn("user", std::vector<ChatPart>{shown_, std::string(prompt)})};
  return model_->chat(turns, options, stream);
}

}  // namespace omma
