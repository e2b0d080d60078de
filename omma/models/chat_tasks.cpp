#include "omma/models/chat_tasks.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"

namespace omma {
namespace {

// What LLaVA-1.5 was taught to ask where one sentence is wanted.
constexpr const char* caption_request = "Provide a one-sentence caption for the provided image.";
constexpr const char* video_caption_request = "Provide a one-sentence caption for the provided video.";

ChatTurn turn_of(const VisualQuestion& question) {
  ChatTurn message("user", std::vector<ChatPart>());
  for (const Image& image : question.images) message.parts.emplace_back(std::make_shared<const Image>(image));
  for (const VideoClip& clip : question.videos) message.parts.emplace_back(std::make_shared<const VideoClip>(clip));
  message.parts.emplace_back(question.text);
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
    const auto seed = options.seeds.empty() ? options.generation.seed : std::optional(options.seeds[i]);
    results.push_back(caption(turn_of({.images = images.subspan(i, 1), .text = caption_request}), options, seed));
  }
  return results;
}

CaptionResult ChatCaptioner::caption_video(const VideoClip& clip, const CaptionOptions& options) {
  check(video_frames().has_value(), "caption: this model sees pictures and no clips");
  const VisualQuestion request{.videos = {&clip, 1}, .text = video_caption_request};
  return caption(turn_of(request), options, options.seeds.empty() ? options.generation.seed : std::optional(options.seeds.front()));
}

CaptionResult ChatCaptioner::caption(ChatTurn turn, const CaptionOptions& options, std::optional<std::uint64_t> seed) {
  GenerationOptions generation = options.generation;
  generation.seed = seed;
  std::vector<ChatTurn> turns = {std::move(turn)};
  if (!options.prompt.empty()) turns.emplace_back("assistant", options.prompt);
  const ChatReply reply = model_->chat(turns, generation);
  return {.captions = {{.text = trimmed(reply.text), .score = reply.score}}, .timing = reply.timing};
}

std::vector<AnswerResult> ChatAnswerer::answer(std::span<const VisualQuestion> questions, const AnswerOptions& options) {
  std::vector<AnswerResult> results;
  for (const VisualQuestion& question : questions) {
    check(!trimmed(question.text).empty(), "answer: expected a question");
    const ChatTurn turn = turn_of(question);
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
