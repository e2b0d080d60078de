#include <algorithm>
#include <array>

#include "omma/base/error.h"
#include "omma/data/world/language.h"

namespace omma {
namespace {

constexpr std::size_t max_relations = 6;  // of the many that a scene of six allows

std::vector<int> without_duplicates(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

struct Direction {
  Relation relation;
  Relation opposite;
  std::string_view extreme;
  std::string_view words;
};
constexpr std::array<Direction, 4> directions = {{{Relation::left_of, Relation::right_of, "leftmost", "left of"},
                                                  {Relation::right_of, Relation::left_of, "rightmost", "right of"},
                                                  {Relation::above, Relation::below, "topmost", "above"},
                                                  {Relation::below, Relation::above, "lowest", "below"}}};

class PhraseCollector {
 public:
  explicit PhraseCollector(const Scene& scene) : scene_(scene) {}

  void add(std::string text, std::vector<int> objects) {
    const auto same = [&](const ReferringPhrase& phrase) { return phrase.text == text; };
    if (objects.empty() || std::any_of(phrases_.begin(), phrases_.end(), same)) return;
    phrases_.push_back({std::move(text), std::move(objects)});
  }
  void add(const ObjectQuery& query) { add(phrase_of(query), find_objects(scene_, query)); }

  // "leftmost dog" where one of several dogs is clearly the leftmost.
  void add_extremes(int name) {
    const std::vector<int> candidates = find_objects(scene_, {.name = name, .color = {}, .size = ""});
    if (candidates.size() < 2) return;
    for (const Direction& direction : directions) {
      for (const int object : candidates) {
        const bool extreme = std::all_of(candidates.begin(), candidates.end(), [&](int other) {
          return other == object || holds(scene_, direction.relation, object, other);
        });
        if (extreme) add(std::string(direction.extreme) + " " + std::string(world_noun(name).singular), {object});
      }
    }
  }

  // "dog left of the red bus": all the dogs that are, if all others clearly are not.
  void add_relation(const ObjectQuery& subject, const Direction& direction, int reference, const ObjectQuery& reference_query) {
    std::vector<int> fitting;
    for (const int object : find_objects(scene_, subject)) {
      if (object == reference) continue;
      if (holds(scene_, direction.relation, object, reference))
        fitting.push_back(object);
      else if (!holds(scene_, direction.opposite, object, reference))
        return;
    }
    add(phrase_of(subject) + " " + std::string(direction.words) + " the " + phrase_of(reference_query), std::move(fitting));
  }

  std::vector<ReferringPhrase> take() { return std::move(phrases_); }
  std::size_t size() const { return phrases_.size(); }

 private:
  const Scene& scene_;
  std::vector<ReferringPhrase> phrases_;
};

}  // namespace

std::vector<int> find_objects(const Scene& scene, const ObjectQuery& query) {
  std::vector<int> found;
  for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i) {
    const WorldObject& object = scene.objects[static_cast<std::size_t>(i)];
    if (query.name.value_or(object.name) == object.name && query.color.value_or(object.color) == object.color &&
        (query.size.empty() || query.size == size_word(scene, i)))
      found.push_back(i);
  }
  return found;
}

std::string phrase_of(const ObjectQuery& query, bool plural) {
  std::string text;
  if (!query.size.empty()) text += std::string(query.size) + " ";
  if (query.color) text += std::string(world_color(*query.color)) + " ";
  const Noun noun = query.name ? world_noun(*query.name) : Noun{"thing", "things"};
  return text + std::string(plural ? noun.plural : noun.singular);
}

bool may_be_said(const ObjectQuery& query, Split split) {
  return split == Split::combo || !query.name || !query.color || !is_combo_pair(*query.name, *query.color);
}

std::optional<ObjectQuery> unique_query(const Scene& scene, int object, Rng& rng) {
  const WorldObject& what = scene.objects[static_cast<std::size_t>(object)];
  const ObjectQuery name{.name = what.name, .color = {}, .size = ""};
  const ObjectQuery pair{.name = what.name, .color = what.color, .size = ""};
  const bool name_fits = find_objects(scene, name).size() == 1;
  if (name_fits && rng.below(2) == 0) return name;
  if (find_objects(scene, pair).size() == 1) return pair;
  return std::nullopt;
}

std::optional<int> only_object(const Scene& scene, Relation relation, int reference) {
  const auto direction = std::ranges::find(directions, relation, &Direction::relation);
  check(direction != directions.end(), "only object: expected a relation in space");
  std::optional<int> only;
  for (int object = 0; object < static_cast<int>(scene.objects.size()); ++object) {
    if (object == reference || holds(scene, direction->opposite, object, reference)) continue;
    if (only || !holds(scene, relation, object, reference)) return std::nullopt;
    only = object;
  }
  return only;
}

std::optional<int> largest_object(const Scene& scene, const ObjectQuery& query) {
  const std::vector<int> candidates = find_objects(scene, query);
  const auto area = [&](int object) { return scene.objects[static_cast<std::size_t>(object)].area; };
  for (const int object : candidates)
    if (std::ranges::all_of(candidates, [&](int other) { return other == object || area(object) * 4 >= area(other) * 5; }))
      return object;
  return std::nullopt;
}

std::vector<ReferringPhrase> referring_phrases(const Scene& scene, Rng& rng) {
  expect_no_emblems(scene, "referring phrases");
  PhraseCollector phrases(scene);
  std::vector<int> names, colors;
  for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i) {
    const WorldObject& object = scene.objects[static_cast<std::size_t>(i)];
    names.push_back(object.name);
    colors.push_back(object.color);
    phrases.add(ObjectQuery{.name = object.name, .color = {}, .size = ""});
    phrases.add(ObjectQuery{.name = object.name, .color = object.color, .size = ""});
    if (const std::string_view size = size_word(scene, i); !size.empty())
      phrases.add(ObjectQuery{.name = object.name, .color = {}, .size = size});
  }
  for (const int color : without_duplicates(colors)) phrases.add(ObjectQuery{.name = {}, .color = color, .size = ""});
  names = without_duplicates(names);
  for (const int name : names) phrases.add_extremes(name);

  const std::size_t limit = phrases.size() + max_relations;
  for (int attempt = 0; attempt < 4 * static_cast<int>(max_relations) && phrases.size() < limit; ++attempt) {
    const int reference = static_cast<int>(rng.below(static_cast<std::uint32_t>(scene.objects.size())));
    const int name = rng.pick(std::span<const int>(names));
    const Direction& direction = rng.pick(std::span<const Direction>(directions));
    if (const auto query = unique_query(scene, reference, rng))
      phrases.add_relation({.name = name, .color = {}, .size = ""}, direction, reference, *query);
  }
  std::vector<ReferringPhrase> result = phrases.take();
  rng.shuffle(result);
  return result;
}

}  // namespace omma
