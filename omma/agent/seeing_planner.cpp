#include "omma/agent/seeing_planner.h"

#include <array>

#include "omma/base/error.h"

namespace omma {

SeeingPlanner::SeeingPlanner(std::unique_ptr<ChatModel> model, SharedImage image)
    : model_(std::move(model)), image_(std::move(image)) {
  check(model_->sees_pictures(), "agent: expected a chat model that sees pictures");
}

GeneratedText SeeingPlanner::generate(std::string_view prompt, const GenerationOptions& options, const TextCallback& stream) {
  const std::array<ChatTurn, 1> turns = {ChatTurn("user", std::vector<ChatPart>{image_, std::string(prompt)})};
  return model_->chat(turns, options, stream);
}

}  // namespace omma
