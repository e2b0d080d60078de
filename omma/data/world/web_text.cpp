#include "omma/data/world/web_text.h"

#include <algorithm>
#include <array>

#include "omma/base/error.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/language.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, 4> noise_names = {"clean", "other_scene", "swapped", "generic"};

constexpr std::array<std::string_view, 48> generic = {
    "click here to read more",
    "free shipping on all orders",
    "image not available",
    "follow us for daily updates",
    "all rights reserved",
    "best price guaranteed",
    "sign up for our newsletter",
    "posted by admin",
    "thumbnail",
    "download in high resolution",
    "sold out",
    "share this with your friends",
    "add to cart",
    "new arrivals this week",
    "untitled",
    "loading please wait",
    "page one of ten",
    "photo of the day",
    "leave a comment below",
    "limited time offer",
    "copyright protected",
    "view full size",
    "our customers love us",
    "back to top",
    "stock photo",
    "happy monday everyone",
    "this post has been updated",
    "accept all cookies",
    "subscribe now",
    "related articles",
    "advertisement",
    "terms and conditions apply",
    "contact us today",
    "written by our team",
    "see more results",
    "log in to continue",
    "no description",
    "thank you for visiting",
    "sale ends tonight",
    "good morning",
    "learn more about our services",
    "watch the video",
    "five tips for a better life",
    "made with love",
    "top rated by experts",
    "coming soon",
    "search results",
    "my weekend",
};

// How a swapped text may differ.
enum class Attribute { color, name, count, relation };

// A relation, where one is told, half of the time: few texts tell one.
Attribute draw_attribute(const SceneDescription& description, Rng& rng) {
  constexpr std::array of_objects = {Attribute::color, Attribute::name, Attribute::count};
  if (description.relation && rng.below(2) == 0) return Attribute::relation;
  return rng.pick(std::span<const Attribute>(of_objects));
}

int draw_below(int limit, Rng& rng) { return static_cast<int>(rng.below(static_cast<std::uint32_t>(limit))); }

void replace_attribute(SceneDescription& description, Attribute attribute, Rng& rng) {
  constexpr std::array relations = {Relation::left_of, Relation::right_of, Relation::above, Relation::below};
  ObjectGroup& group = description.groups[rng.below(static_cast<std::uint32_t>(description.groups.size()))];
  switch (attribute) {
    case Attribute::color:
      group.color = draw_below(world_color_count, rng);
      break;
    case Attribute::name:
      group.name = draw_below(world_name_count, rng);
      break;
    case Attribute::count:
      group.count = std::max(1, group.count + (rng.below(2) == 0 ? 1 : -1));
      break;
    case Attribute::relation:
      description.relation = rng.pick(std::span<const Relation>(relations));
      break;
  }
}

// No group told twice, and no pair that is held out.
bool may_be_said(const SceneDescription& description, Split split) {
  const std::vector<ObjectGroup>& groups = description.groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!may_be_said(ObjectQuery{.name = groups[i].name, .color = groups[i].color, .size = ""}, split)) return false;
    for (std::size_t k = 0; k < i; ++k)
      if (groups[i].name == groups[k].name && groups[i].color == groups[k].color) return false;
  }
  return true;
}

std::string swapped_text(const SceneDescription& truth, const Scene& scene, Rng& rng) {
  for (;;) {  // colours and names can always be replaced
    SceneDescription description = truth;
    replace_attribute(description, draw_attribute(description, rng), rng);
    if (may_be_said(description, scene.split) && contradicts(description, scene)) return text_of(description);
  }
}

bool tells_of_something_absent(const SceneDescription& description, const Scene& scene) {
  return std::any_of(description.groups.begin(), description.groups.end(), [&](const ObjectGroup& group) {
    return find_objects(scene, {.name = group.name, .color = group.color, .size = ""}).empty();
  });
}

std::string other_text(const Scene& scene, const SceneOptions& options, Rng& rng) {
  for (;;) {
    const SceneDescription description = describe_scene(make_scene(rng.bits(), 0, options), rng);
    if (tells_of_something_absent(description, scene)) return text_of(description);
  }
}

}  // namespace

std::string_view name_of(WebNoise noise) { return noise_names[static_cast<std::size_t>(noise)]; }

std::string swapped_text(const Scene& scene, Rng& rng) { return swapped_text(describe_scene(scene, rng), scene, rng); }

std::span<const std::string_view> generic_texts() { return generic; }

WebText web_text(const Scene& scene, const SceneOptions& options, double noise, Rng& rng) {
  check(noise >= 0 && noise <= 1, "noise: expected a probability, got {}", noise);
  const SceneDescription truth = describe_scene(scene, rng);
  WebText result{.text = text_of(truth), .true_caption = text_of(truth)};
  if (!rng.chance(noise)) return result;
  const std::uint32_t fifth = rng.below(5);
  result.noise = fifth < 2 ? WebNoise::other_scene : fifth < 4 ? WebNoise::swapped : WebNoise::generic;
  if (result.noise == WebNoise::other_scene)
    result.text = other_text(scene, options, rng);
  else if (result.noise == WebNoise::swapped)
    result.text = swapped_text(truth, scene, rng);
  else
    result.text = rng.pick(generic_texts());
  return result;
}

}  // namespace omma
