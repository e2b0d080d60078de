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

}  // namespace

DetectionQuestions questions_of(std::shared_ptr<const DetectionDataset> dataset, double max_fault_share) {
  const auto left_out = std::make_shared<LeftOutPictures>("evaluation", dataset->size(), max_fault_share);
  const auto question = [dataset, left_out](std::size_t index) -> std::optional<DetectionQuestion> {
    auto labelled = load_or_leave_out(*dataset, index, *left_out);
    if (!labelled) return std::nullopt;
    DetectionQuestion result{.image = std::move(labelled->image),
                             .targets = std::move(labelled->sample.targets),
                             .phrases = dataset->phrases(),
                             .truths_of = {}};
    if (result.phrases.empty())
      for (const DetectionTarget& target : result.targets)
        if (std::ranges::find(result.phrases, target.phrase) == result.phrases.end()) result.phrases.push_back(target.phrase);
    result.truths_of.resize(result.phrases.size());
    for (std::size_t i = 0; i < result.targets.size(); ++i) {
      const auto place = std::ranges::find(result.phrases, result.targets[i].phrase);
      if (place != result.phrases.end())
        result.truths_of[static_cast<std::size_t>(place - result.phrases.begin())].push_back(static_cast<int>(i));
    }
    return result;
  };
  const auto report = [dataset, left_out] {
    DatasetReport all = dataset->report();
    all.append(left_out->report());
    return all;
  };
  return {.count = dataset->size(), .question = question, .classes = dataset->phrases(), .report = report};
}

DetectionQuestions world_questions(const WorldQuestionOptions& options) {
  const auto question = [options](std::size_t index) {
    Rng rng(options.seed ^ 0x61736b0000000000ULL, index);
    SceneOptions scene;
    scene.size = options.size;
    scene.split = options.split;
    return ask(make_scene(options.seed, index, scene), options, rng);
  };
  return {.count = options.count, .question = question, .classes = {}};
}

}  // namespace omma
