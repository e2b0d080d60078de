#include "apps/conversation.h"

#include <utility>

namespace omma::app {
namespace {

constexpr std::string_view place = "<image>";

std::string without_places(std::string text) {
  for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at))
    text.replace(at, place.size(), "< image >");
  return text;
}

}  // namespace

void Conversation::show(const std::filesystem::path& file, SharedImage image) { waiting_.push_back({file, std::move(image)}); }

const std::vector<ChatTurn>& Conversation::ask(const std::string& text) {
  turns_.push_back({.pictures = std::exchange(waiting_, {}), .question = text, .answer = {}});
  messages_.clear();
  if (!system_.empty()) messages_.emplace_back("system", system_);
  for (const Turn& turn : turns_) {
    ChatTurn& message = messages_.emplace_back("user", std::vector<ChatPart>());
    for (const Picture& picture : turn.pictures) message.parts.emplace_back(picture.image);
    message.parts.emplace_back(turn.question);
    if (&turn != &turns_.back()) messages_.emplace_back("assistant", turn.answer);
  }
  return messages_;
}

void Conversation::answer(const std::string& text) { turns_.back().answer = text; }

void Conversation::take_back() {
  waiting_ = std::move(turns_.back().pictures);
  turns_.pop_back();
}

void Conversation::clear() {
  waiting_.clear();
  turns_.clear();
}

json Conversation::to_json(const std::filesystem::path& folder) const {
  json record = {{"id", "0"}}, turns = json::array(), images = json::array();
  for (const Turn& turn : turns_) {
    std::string value;
    for (const Picture& picture : turn.pictures) {
      images.push_back(std::filesystem::proximate(picture.file, folder).string());
      value += std::string(place) + "\n";
    }
    turns.push_back({{"from", "human"}, {"value", value + without_places(turn.question)}});
    turns.push_back({{"from", "gpt"}, {"value", without_places(turn.answer)}});
  }
  if (images.size() == 1)
    record["image"] = images.front();
  else if (!images.empty())
    record["image"] = images;
  if (!system_.empty()) record["system"] = system_;
  record["conversations"] = turns;
  return json::array({record});
}

}  // namespace omma::app
