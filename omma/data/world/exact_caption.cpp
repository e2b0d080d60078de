#include "omma/data/world/exact_caption.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "omma/data/world/language.h"

namespace omma {
namespace {

// Half of them the plain list, so that there is a likeliest way to say it.
constexpr std::array<std::string_view, SceneDescription::phrasing_count> phrasings = {
    "{}", "{}", "{}", "there {is} {}", "we see {}", "{} in the picture"};

constexpr std::array<std::string_view, 10> requests = {
    "What is in the picture?",         "What is in this picture?", "What do you see?",      "What can you see in this image?",
    "What does the picture show?",     "What is there to see?",    "Describe the picture.", "Describe this image.",
    "Tell me what is in the picture.", "Give me a caption."};

struct NamedPlace {
  Relation relation;
  Relation opposite;
  std::string_view words;
};
constexpr std::array<NamedPlace, 4> named_places = {{{Relation::left_of, Relation::right_of, "left of"},
                                                     {Relation::right_of, Relation::left_of, "right of"},
                                                     {Relation::above, Relation::below, "above"},
                                                     {Relation::below, Relation::above, "below"}}};

const NamedPlace& named_place_of(Relation relation) {
  return *std::find_if(named_places.begin(), named_places.end(),
                       [&](const NamedPlace& place) { return place.relation == relation; });
}

std::vector<int> members(const Scene& scene, const ObjectGroup& group) {
  return find_objects(scene, {.name = group.name, .color = group.color, .size = ""});
}

bool all_stand(const Scene& scene, Relation relation, const ObjectGroup& first, const ObjectGroup& second) {
  for (const int a : members(scene, first))
    for (const int b : members(scene, second))
      if (!holds(scene, relation, a, b)) return false;
  return true;
}

std::vector<ObjectGroup> group_objects(const Scene& scene) {
  std::vector<const WorldObject*> objects;
  for (const WorldObject& object : scene.objects) objects.push_back(&object);
  std::stable_sort(objects.begin(), objects.end(),
                   [](const WorldObject* a, const WorldObject* b) { return a->box.x0 + a->box.x1 < b->box.x0 + b->box.x1; });
  std::vector<ObjectGroup> groups;
  for (const WorldObject* object : objects) {
    const auto known = std::find_if(groups.begin(), groups.end(), [&](const ObjectGroup& group) {
      return group.name == object->name && group.color == object->color;
    });
    if (known == groups.end())
      groups.push_back({.name = object->name, .color = object->color});
    else
      ++known->count;
  }
  return groups;
}

std::string text_of(const ObjectGroup& group) {
  const ObjectQuery query{.name = group.name, .color = group.color, .size = ""};
  return group.count == 1 ? with_article(phrase_of(query)) : fmt::format("{} {}", number_word(group.count), phrase_of(query, true));
}

std::string list_of(const SceneDescription& description) {
  std::string text = text_of(description.groups.front());
  for (std::size_t i = 1; i < description.groups.size(); ++i) {
    const bool last = i + 1 == description.groups.size();
    if (description.relation)
      text += fmt::format(" {} ", named_place_of(*description.relation).words);
    else
      text += last ? " and " : ", ";
    text += text_of(description.groups[i]);
  }
  return text;
}

}  // namespace

SceneDescription describe_scene(const Scene& scene, Rng& rng) {
  expect_no_emblems(scene, "description");
  SceneDescription description{.groups = group_objects(scene),
                               .phrasing = static_cast<int>(rng.below(SceneDescription::phrasing_count))};
  if (description.groups.size() != 2 || rng.below(2) == 0) return description;
  std::vector<ObjectGroup> pair = description.groups;
  if (rng.below(2) == 0) std::swap(pair[0], pair[1]);
  std::vector<Relation> holding;
  for (const NamedPlace& place : named_places)
    if (all_stand(scene, place.relation, pair[0], pair[1])) holding.push_back(place.relation);
  if (holding.empty()) return description;
  description.relation = rng.pick(std::span<const Relation>(holding));
  description.groups = std::move(pair);
  return description;
}

std::string text_of(const SceneDescription& description) {
  std::string text(phrasings[static_cast<std::size_t>(description.phrasing)]);
  const auto replace = [&](std::string_view field, std::string_view by) {
    if (const std::size_t at = text.find(field); at != std::string::npos) text.replace(at, field.size(), by);
  };
  replace("{is}", description.groups.front().count == 1 ? "is" : "are");
  replace("{}", list_of(description));
  return text;
}

bool contradicts(const SceneDescription& description, const Scene& scene) {
  for (const ObjectGroup& group : description.groups)
    if (members(scene, group).size() != static_cast<std::size_t>(group.count)) return true;
  return description.relation &&
         all_stand(scene, named_place_of(*description.relation).opposite, description.groups[0], description.groups[1]);
}

std::span<const std::string_view> description_requests() { return requests; }

}  // namespace omma
