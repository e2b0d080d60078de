#include "omma/models/blip2/tasks.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"

namespace omma {
namespace {

constexpr const char* caption_instruction = "A short image description:";  // InstructBLIP, appendix: of its captioning templates

template <class T>
void unless_given(std::optional<T>& option, T value) {
  if (!option) option = value;
}

// Beams where nobody asked for one or for sampling.
void search_widely(GenerationOptions& options, const GenerationConfig& config) {
  if (!options.sample.value_or(config.do_sample) && config.num_beams == 1) unless_given(options.beams, 5);
}

}  // namespace

std::vector<CaptionResult> Blip2Captioner::caption(std::span<const Image> images, const CaptionOptions& options) {
  check(options.seeds.empty() || options.seeds.size() == images.size(), "caption: seeds: expected {}, one a picture, got {}",
        images.size(), options.seeds.size());
  const GenerationConfig& config = speaker_.checkpoint().generation;
  std::string text = options.prompt.empty() ? config.caption_prompt : options.prompt;
  if (text.empty() && speaker_.follows_instructions()) text = caption_instruction;
  std::vector<Blip2Speaker::Prompt> prompts;
  for (std::size_t i = 0; i < images.size(); ++i) {
    prompts.push_back({.picture = static_cast<int64_t>(i), .text = text});
    if (!options.seeds.empty()) prompts.back().seed = options.seeds[i];
  }
  GenerationOptions generation = options.generation;
  search_widely(generation, config);
  Timing timing;
  const Tensor features = speaker_.look_at(images, &timing);
  Stopwatch watch(static_cast<double>(images.size()));
  const std::vector<GeneratedText> texts = speaker_.write(features, prompts, generation);
  timing.decode = watch.lap();
  std::vector<CaptionResult> results;
  for (const GeneratedText& each : texts)
    results.push_back({.captions = {{.text = each.text, .score = each.score}}, .timing = timing});
  return results;
}

std::string Blip2Answerer::prompt_of(const std::string& question) const {
  const auto begin = question.find_first_not_of(" \n\t");
  check(begin != std::string::npos, "answer: expected a question");
  if (speaker_.follows_instructions() || question.compare(begin, 9, "Question:") == 0) return question;
  return "Question: " + question + (speaker_.rewrites() ? " Short answer:" : " Answer:");
}

std::vector<AnswerResult> Blip2Answerer::answer(std::span<const VisualQuestion> questions, const AnswerOptions& options) {
  std::vector<Image> images;  // each once: questions about one picture follow one another
  std::vector<Blip2Speaker::Prompt> prompts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    check(questions[i].videos.empty(), "blip-2: this model sees pictures and no clips");
    check(questions[i].images.size() == 1, "blip-2: a question is about one picture, got {}", questions[i].images.size());
    if (i == 0 || questions[i].images.data() != questions[i - 1].images.data()) images.push_back(questions[i].images.front());
    prompts.push_back({.picture = std::ssize(images) - 1, .text = prompt_of(questions[i].text)});
  }
  std::vector<AnswerResult> results;
  if (questions.empty()) return results;
  GenerationOptions generation = options.generation;
  search_widely(generation, speaker_.checkpoint().generation);
  if (speaker_.follows_instructions()) {
    unless_given(generation.max_tokens, 256);
    unless_given(generation.repetition_penalty, 1.5);
  } else {
    unless_given(generation.max_tokens, 10);
    unless_given(generation.length_penalty, -1.0);
  }
  Timing timing;
  const Tensor features = speaker_.look_at(images, &timing);
  Stopwatch watch(static_cast<double>(questions.size()));
  if (options.answers.empty()) {
    for (const GeneratedText& text : speaker_.write(features, prompts, generation))
      results.push_back({.answer = text.text, .score = text.score});
  }
  for (std::size_t i = 0; i < prompts.size() && !options.answers.empty(); ++i) {
    const std::vector<double> scores = speaker_.score(features, prompts[i], options.answers);
    const auto best = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
    results.push_back({.answer = options.answers[best], .score = scores[best]});
  }
  timing.decode = watch.lap();
  for (AnswerResult& result : results) result.timing = timing;
  return results;
}

}  // namespace omma
