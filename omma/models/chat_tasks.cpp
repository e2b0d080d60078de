#include "omma/models/chat_tasks.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"

namespace omma {
namespace {

// What LLaVA-1.5 was taught to ask where one sentence is wanted.
constexpr const char* caption_request = "Provide a one-sentence caption for the provided image.";

ChatTurn turn_of(std::span<const Image> images, const std::string& text) {
  ChatTurn message("user", std::vector<ChatPart>());
  for (const Image& image : images) message.parts.emplace_back(std::make_shared<const Image>(image));
  message.parts.emplace_back(text);
  return message;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \n\t"), end = text.find_last_not_of(" \n\t");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

}  // namespace

std::vector<CaptionResult> ChatCaptioner::caption(std::span<const Image> images, const CaptionOptions& options) {
  check(!images.empty(), "caption: expected at least one picture");
  check(options.seeds.empty() || options.seeds.size() == images.size(), "caption: seeds: expected one a picture, got {}",
        options.seeds.size());
  std::vector<CaptionResult> results;
  for (std::size_t i = 0; i < images.size(); ++i) {
    GenerationOptions generation = options.generation;
    if (!options.seeds.empty()) generation.seed = options.seeds[i];
    std::vector<ChatTurn> turns = {turn_of(images.subspan(i, 1), caption_request)};
    if (!options.prompt.empty()) turns.emplace_back("assistant", options.prompt);
    const ChatReply reply = model_->chat(turns, generation);
    results.push_back({.captions = {{.text = trimmed(reply.text), .score = reply.score}}, .timing = reply.timing});
  }
  return results;
}

std::vector<AnswerResult> ChatAnswerer::answer(std::span<const VisualQuestion> questions, const AnswerOptions& options) {
  std::vector<AnswerResult> results;
  for (const VisualQuestion& question : questions) {
    check(!trimmed(question.text).empty(), "answer: expected a question");
    const ChatTurn turn = turn_of(question.images, question.text);
    if (options.answers.empty()) {
      const ChatReply reply = model_->chat({&turn, 1}, options.generation);
      results.push_back({.answer = trimmed(reply.text), .score = reply.score, .timing = reply.timing});
      continue;
    }
    Stopwatch watch;
    const std::vector<double> scores = model_->score({&turn, 1}, options.answers);
    const auto best = std::ranges::max_element(scores) - scores.begin();
    results.push_back({.answer = options.answers[static_cast<std::size_t>(best)],
                       .score = scores[static_cast<std::size_t>(best)],
                       .timing = {.decode = watch.lap()}});
  }
  return results;
}

}  // namespace omma
