#include "omma/recipes/grounding_dino/world_samples.h"

#include <algorithm>
#include <map>
#include <set>

#include "omma/base/rng.h"
#include "omma/data/world/language.h"
#include "omma/data/world/scene.h"
#include "omma/data/world/words.h"

namespace omma::grounding_dino {
namespace {

constexpr std::uint64_t kPromptStream = 0x70726f6d70740000ULL;  // apart from the streams that draw the scenes

struct Candidate {
  std::string text;
  std::vector<int> objects;  // of the scene that it fits; empty for a negative
};

std::string name_text(int name) { return std::string(world_noun(name).singular); }
std::string pair_text(int name, int color) { return std::string(world_color(color)) + " " + name_text(name); }

std::vector<Candidate> grouped(const Scene& scene, const auto& text_of) {
  std::map<std::string, std::vector<int>> objects;
  for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i)
    objects[text_of(scene.objects[static_cast<std::size_t>(i)])].push_back(i);
  std::vector<Candidate> candidates;
  for (auto& [text, members] : objects) candidates.push_back({text, std::move(members)});
  return candidates;
}

// A pair that training may hold; near something in the scene where `hard`.
std::string negative_pair(const Scene& scene, bool hard, Rng& rng) {
  int name = rng.between(0, world_name_count - 1), color = rng.between(0, world_color_count - 1);
  if (hard && !scene.objects.empty()) {
    const WorldObject& near = scene.objects[rng.below(static_cast<std::uint32_t>(scene.objects.size()))];
    if (rng.chance(0.5)) {
      name = near.name;
      color = rng.between(0, world_color_count - 1);
    } else {
      name = rng.between(0, world_name_count - 1);
      color = near.color;
    }
  }
  return is_combo_pair(name, color) ? std::string() : pair_text(name, color);
}

// A phrase of another kind than the names: most are of words that the scene has, so that each word must be looked at.
std::string negative_phrase(const Scene& scene, Rng& rng) {
  static constexpr std::string_view kSizes[] = {"small", "large"};
  if (rng.chance(0.3)) return std::string(world_color(rng.between(0, world_color_count - 1))) + " thing";
  if (rng.chance(0.5))
    return std::string(rng.pick(std::span<const std::string_view>(kSizes))) + " " + name_text(rng.between(0, world_name_count - 1));
  return negative_pair(scene, true, rng);
}

// Whether `text`, made of a size word or colour with a noun or "thing", fits an object.
bool fits(const Scene& scene, int object, const std::string& text) {
  const std::size_t space = text.find(' ');
  const std::string first = text.substr(0, space), noun = space == std::string::npos ? first : text.substr(space + 1);
  const WorldObject& o = scene.objects[static_cast<std::size_t>(object)];
  if (noun != "thing" && noun != name_text(o.name)) return false;
  return space == std::string::npos || first == world_color(o.color) || first == size_word(scene, object);
}

}  // namespace

TrainingSample WorldSamples::sample(std::uint64_t number, const BatchShape& shape) const {
  Scene scene = make_scene(seed_, number, {.size = shape.size, .variety = config_.variety});
  Rng rng(seed_ ^ kPromptStream, number);
  const double kind = rng.uniform(0, config_.names + config_.pairs + config_.phrases);
  const bool of_names = kind < config_.names, of_pairs = !of_names && kind < config_.names + config_.pairs;

  std::vector<Candidate> chosen;
  if (of_names) {
    chosen = grouped(scene, [](const WorldObject& o) { return name_text(o.name); });
  } else if (of_pairs) {
    chosen = grouped(scene, [](const WorldObject& o) { return pair_text(o.name, o.color); });
  } else {
    for (ReferringPhrase& phrase : referring_phrases(scene, rng))
      chosen.push_back({std::move(phrase.text), std::move(phrase.objects)});
  }
  rng.shuffle(chosen);
  std::erase_if(chosen, [&](const Candidate&) { return rng.chance(config_.drop_positive); });
  const auto limit = static_cast<std::size_t>(shape.phrases);
  const std::size_t most = of_names || of_pairs ? limit : std::max<std::size_t>(1, limit * 2 / 3);
  if (chosen.size() > most) chosen.resize(most);

  std::set<std::string> taken;
  for (const Candidate& candidate : chosen) taken.insert(candidate.text);
  for (int tries = 0; chosen.size() < limit && tries < 8 * shape.phrases; ++tries) {
    std::string text = of_names   ? name_text(rng.between(0, world_name_count - 1))
                       : of_pairs ? negative_pair(scene, rng.chance(config_.hard_negatives), rng)
                                  : negative_phrase(scene, rng);
    if (text.empty() || !taken.insert(text).second) continue;
    Candidate candidate{std::move(text), {}};
    for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i)
      if (fits(scene, i, candidate.text)) candidate.objects.push_back(i);
    if (!candidate.objects.empty() && (of_names || of_pairs)) continue;  // it was dropped on purpose
    chosen.push_back(std::move(candidate));
  }
  rng.shuffle(chosen);

  TrainingSample sample{.image = std::move(scene.image), .boxes = {}, .phrases = {}, .phrases_of = {}};
  for (const Candidate& candidate : chosen) sample.phrases.push_back(candidate.text);
  for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i) {
    std::vector<int> phrases;
    for (int p = 0; p < static_cast<int>(chosen.size()); ++p)
      if (std::ranges::find(chosen[static_cast<std::size_t>(p)].objects, i) != chosen[static_cast<std::size_t>(p)].objects.end())
        phrases.push_back(p);
    if (phrases.empty()) continue;
    sample.boxes.push_back(scene.objects[static_cast<std::size_t>(i)].box);
    sample.phrases_of.push_back(std::move(phrases));
  }
  return sample;
}

std::vector<std::string> world_vocabulary() {
  std::vector<std::string> words = {"thing",     "things",  "small",      "large", "smallest", "largest", "leftmost",
                                    "rightmost", "topmost", "bottommost", "left",  "right",    "above",   "below",
                                    "larger",    "smaller", "than",       "of",    "the",      "a",       "an",
                                    "in",        "on",      "and",        "with",  "next",     "to"};
  for (int name = 0; name < world_name_count; ++name) {
    words.emplace_back(world_noun(name).singular);
    words.emplace_back(world_noun(name).plural);
  }
  for (int color = 0; color < world_color_count; ++color) words.emplace_back(world_color(color));
  std::set<std::string> seen;
  std::erase_if(words, [&](const std::string& word) { return !seen.insert(word).second; });
  return words;
}

}  // namespace omma::grounding_dino
