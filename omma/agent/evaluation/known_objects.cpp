#include "omma/agent/evaluation/known_objects.h"

#include <algorithm>
#include <optional>

#include "omma/base/error.h"
#include "omma/data/world/words.h"

namespace omma {

namespace {

// The object's phrases, the most telling first.
std::vector<std::string> phrases_of(const KnownObject& object) {
  std::vector<std::string> phrases;
  for (const std::string& size : {object.size, std::string()})
    for (const std::string& color : {object.color, std::string()})
      for (const std::string& name : {object.name, std::string("thing")}) {
        std::string phrase = size;
        if (!color.empty()) phrase += (phrase.empty() ? "" : " ") + color;
        phrase += (phrase.empty() ? "" : " ") + name;
        phrases.push_back(phrase);
      }
  return phrases;
}

std::optional<int> best_phrase(const KnownObject& object, const std::vector<std::string>& asked) {
  for (const std::string& phrase : phrases_of(object)) {
    const auto found = std::find(asked.begin(), asked.end(), phrase);
    if (found != asked.end()) return static_cast<int>(found - asked.begin());
  }
  return std::nullopt;
}

}  // namespace

std::vector<KnownObject> known_objects(const Scene& scene) {
  std::vector<KnownObject> known;
  for (std::size_t i = 0; i < scene.objects.size(); ++i) {
    const WorldObject& object = scene.objects[i];
    known.push_back({.name = std::string(world_noun(object.name).singular),
                     .color = std::string(world_color(object.color)),
                     .size = std::string(size_word(scene, static_cast<int>(i))),
                     .box = object.box});
  }
  return known;
}

std::vector<DetectionResult> KnownObjectDetector::detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                                         const DetectionOptions&) {
  check(!prompt.phrases.empty(), "known objects: expected phrases");
  DetectionResult result;
  for (const KnownObject& object : objects_) {
    const auto phrase = best_phrase(object, prompt.phrases);
    if (!phrase) continue;
    result.detections.push_back({.label = prompt.phrases[static_cast<std::size_t>(*phrase)],
                                 .phrase_index = phrase,
                                 .score = object.score,
                                 .box = object.box});
  }
  std::stable_sort(result.detections.begin(), result.detections.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  return std::vector<DetectionResult>(images.size(), result);
}

std::vector<std::string> KnownObjectDetector::taught_names() const {
  std::vector<std::string> names;
  for (int name = 0; name < world_name_count; ++name) names.emplace_back(world_noun(name).singular);
  return names;
}

}  // namespace omma
