#include "omma/eval/detection_questions.h"

#include <algorithm>
#include <map>

#include "omma/base/rng.h"
#include "omma/data/left_out_pictures.h"
#include "omma/data/world/scene.h"
#include "omma/data/world/words.h"

namespace omma {
namespace {

std::string phrase_of(bool pairs, int name, int color) {
  const std::string noun(world_noun(name).singular);
  return pairs ? std::string(world_color(color)) + " " + noun : noun;
}

// Something that training might have asked for; in a pair prompt half of them share name or colour with an object.
std::string absent_phrase(const Scene& scene, bool pairs, Rng& rng) {
  int name = rng.between(0, world_name_count - 1), color = rng.between(0, world_color_count - 1);
  if (pairs && rng.chance(0.5)) {
    const WorldObject& near = rng.pick(std::span<const WorldObject>(scene.objects));
    if (rng.chance(0.5))
      name = near.name;
    else
      color = near.color;
  }
  return pairs && is_combo_pair(name, color) ? std::string() : phrase_of(pairs, name, color);
}

DetectionQuestion ask(const Scene& scene, const WorldQuestionOptions& options, Rng& rng) {
  DetectionQuestion question{.image = scene.image, .targets = {}, .phrases = {}, .truths_of = {}};
  std::map<std::string, std::vector<int>> present;
  for (const WorldObject& object : scene.objects) {
    const std::string phrase = phrase_of(options.pairs, object.name, object.color);
    present[phrase].push_back(static_cast<int>(question.targets.size()));
    question.targets.push_back(
        {.box = object.box, .phrase = phrase, .class_index = -1, .crowd = false, .ignore = false, .spans = {}});
  }
  for (const auto& [phrase, objects] : present) question.phrases.push_back(phrase);
  rng.shuffle(question.phrases);
  const auto limit = static_cast<std::size_t>(options.phrases);
  if (question.phrases.size() > limit) question.phrases.resize(limit);
  for (int tries = 0; question.phrases.size() < limit && tries < 50 * options.phrases; ++tries) {
    const std::string phrase = absent_phrase(scene, options.pairs, rng);
    if (!phrase.empty() && !present.contains(phrase) && std::ranges::find(question.phrases, phrase) == question.phrases.end())
      question.phrases.push_back(phrase);
  }
  rng.shuffle(question.phrases);
  for (const std::string& phrase : question.phrases)
    question.truths_of.push_back(present.contains(phrase) ? present[phrase] : std::vector<int>());
  return question;
}

std::vector<std::string> phrases_there(const std::vector<DetectionTarget>& targets) {
  std::vector<std::string> phrases;
  for (const DetectionTarget& target : targets)
    if (std::ranges::find(phrases, target.phrase) == phrases.end()) phrases.push_back(target.phrase);
  return phrases;
}

std::vector<std::string_view> words_of_phrase(std::string_view phrase) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin <= phrase.size();) {
    const std::size_t end = std::min(phrase.find(' ', begin), phrase.size());
    words.push_back(phrase.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

bool share_a_word(std::string_view one, std::string_view other) {
  const std::vector<std::string_view> words = words_of_phrase(other);
  return std::ranges::any_of(words_of_phrase(one),
                             [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); });
}

// Of all phrases (those of `question`) what is there, as many as go into the prompt, then what is not; shuffled.
std::vector<std::string> choose_phrases(const DetectionQuestion& question, const PromptOptions& prompt, std::size_t index) {
  Rng rng(prompt.seed ^ 0x70726f6d70740000ULL, index);
  const std::vector<std::string> there = phrases_there(question.targets);
  std::vector<std::string> chosen = there, alike, absent;
  for (const std::string& phrase : question.phrases) {
    if (std::ranges::find(there, phrase) != there.end()) continue;
    const bool near = std::ranges::any_of(there, [&](const std::string& other) { return share_a_word(phrase, other); });
    (near ? alike : absent).push_back(phrase);
  }
  for (std::vector<std::string>* phrases : {&chosen, &alike, &absent}) rng.shuffle(*phrases);
  const auto limit = static_cast<std::size_t>(prompt.phrases);
  if (chosen.size() > limit) chosen.resize(limit);
  while (chosen.size() < limit && !(alike.empty() && absent.empty())) {
    std::vector<std::string>& from = absent.empty() || (!alike.empty() && rng.chance(0.5)) ? alike : absent;
    chosen.push_back(std::move(from.back()));
    from.pop_back();
  }
  rng.shuffle(chosen);
  return chosen;
}

}  // namespace

DetectionQuestions questions_of(std::shared_ptr<const DetectionDataset> dataset, const PromptOptions& prompt,
                                double max_fault_share) {
  const auto left_out = std::make_shared<LeftOutPictures>("evaluation", dataset->size(), max_fault_share);
  const auto ask = [dataset, prompt](DetectionSample sample, std::size_t index) {
    DetectionQuestion question{.image = {}, .targets = std::move(sample.targets), .phrases = dataset->phrases(), .truths_of = {}};
    if (question.phrases.empty())
      question.phrases = phrases_there(question.targets);
    else if (prompt.phrases > 0)
      question.phrases = choose_phrases(question, prompt, index);
    question.truths_of.resize(question.phrases.size());
    for (std::size_t i = 0; i < question.targets.size(); ++i) {
      const auto place = std::ranges::find(question.phrases, question.targets[i].phrase);
      if (place != question.phrases.end())
        question.truths_of[static_cast<std::size_t>(place - question.phrases.begin())].push_back(static_cast<int>(i));
    }
    return question;
  };
  const auto question = [dataset, ask, left_out](std::size_t index) -> std::optional<DetectionQuestion> {
    auto labelled = load_or_leave_out(*dataset, index, *left_out);
    if (!labelled) return std::nullopt;
    DetectionQuestion result = ask(std::move(labelled->sample), index);
    result.image = std::move(labelled->image);
    return result;
  };
  const auto report = [dataset, left_out] {
    DatasetReport all = dataset->report();
    all.append(left_out->report());
    return all;
  };
  return {.count = dataset->size(),
          .question = question,
          .labels = [dataset, ask](std::size_t index) { return ask(dataset->sample(index), index); },
          .classes = prompt.phrases > 0 ? std::vector<std::string>() : dataset->phrases(),
          .report = report};
}

DetectionQuestions world_questions(const WorldQuestionOptions& options) {
  const auto question = [options](std::size_t index) {
    Rng rng(options.seed ^ 0x61736b0000000000ULL, index);
    SceneOptions scene;
    scene.size = options.size;
    scene.split = options.split;
    return ask(make_scene(options.seed, index, scene), options, rng);
  };
  const auto labels = [question](std::size_t index) {
    DetectionQuestion asked = question(index);
    asked.image = Image();
    return asked;
  };
  return {.count = options.count, .question = question, .labels = labels, .classes = {}};
}

}  // namespace omma
