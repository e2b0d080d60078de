#include "apps/conversation.h"

#include <utility>

namespace omma::app {
namespace {

constexpr std::string_view picture_place = "<image>", clip_place = "<video>";

std::string without_places(std::string text) {
  for (const std::string_view place : {picture_place, clip_place}) {
    const std::string apart = "< " + std::string(place.substr(1, place.size() - 2)) + " >";
    for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at))
      text.replace(at, place.size(), apart);
  }
  return text;
}

// One file by itself, several as a list.
void add_files(json& record, const char* name, const json& files) {
  if (files.size() == 1)
    record[name] = files.front();
  else if (!files.empty())
    record[name] = files;
}

}  // namespace

void Conversation::show(const std::filesystem::path& file, ChatPart seen) { waiting_.push_back({file, std::move(seen)}); }

const std::vector<ChatTurn>& Conversation::ask(const std::string& text) {
  turns_.push_back({.seen = std::exchange(waiting_, {}), .question = text, .answer = {}});
  messages_.clear();
  if (!system_.empty()) messages_.emplace_back("system", system_);
  for (const Turn& turn : turns_) {
    ChatTurn& message = messages_.emplace_back("user", std::vector<ChatPart>());
    for (const Seen& seen : turn.seen) message.parts.push_back(seen.part);
    message.parts.emplace_back(turn.question);
    if (&turn != &turns_.back()) messages_.emplace_back("assistant", turn.answer);
  }
  return messages_;
}

void Conversation::answer(const std::string& text) { turns_.back().answer = text; }

void Conversation::take_back() {
  waiting_ = std::move(turns_.back().seen);
  turns_.pop_back();
}

void Conversation::clear() {
  waiting_.clear();
  turns_.clear();
}

json Conversation::to_json(const std::filesystem::path& folder) const {
  json record = {{"id", "0"}}, turns = json::array(), images = json::array(), videos = json::array();
  for (const Turn& turn : turns_) {
    std::string value;
    for (const Seen& seen : turn.seen) {
      const bool is_clip = std::holds_alternative<SharedVideo>(seen.part);
      (is_clip ? videos : images).push_back(std::filesystem::proximate(seen.file, folder).string());
      value += std::string(is_clip ? clip_place : picture_place) + "\n";
    }
    turns.push_back({{"from", "human"}, {"value", value + without_places(turn.question)}});
    turns.push_back({{"from", "gpt"}, {"value", without_places(turn.answer)}});
  }
  add_files(record, "image", images);
  add_files(record, "video", videos);
  if (!system_.empty()) record["system"] = system_;
  record["conversations"] = turns;
  return json::array({record});
}

}  // namespace omma::app
