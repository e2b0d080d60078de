#include "omma/data/world/boxed_things.h"

#include <algorithm>
#include <cmath>

#include "omma/data/picture_text.h"

namespace omma {
namespace {

float across_of(const SeenObject& object) { return (object.box.x0 + object.box.x1) / 2; }
float down_of(const SeenObject& object) { return (object.box.y0 + object.box.y1) / 2; }
float extent_of(const SeenObject& object) { return std::max(object.box.width(), object.box.height()); }

// -1, 0 or 1: beginning, middle or end of a side.
int third_of(float centre) {
  constexpr float edge = .36F;
  return centre < edge ? -1 : centre > 1 - edge ? 1 : 0;
}

}  // namespace

BoxedThings::BoxedThings(std::string_view picture_text)
    : objects_(seen_objects(read_picture_text(picture_text).boxes, Lexicon::world())) {
  std::erase_if(objects_, [](const SeenObject& object) { return object.color < 0; });
  std::ranges::stable_sort(objects_, {}, across_of);
}

bool BoxedThings::unique(int index) const {
  return std::ranges::count_if(objects_, [&](const SeenObject& other) {
           return other.name == object(index).name && other.color == object(index).color;
         }) == 1;
}

std::string BoxedThings::place(int index) const {
  const int horizontal = third_of(across_of(object(index))), vertical = third_of(down_of(object(index)));
  const std::string side = horizontal < 0 ? "left" : "right";
  if (horizontal == 0 && vertical == 0) return "in the middle";
  if (vertical == 0) return "on the " + side;
  if (horizontal == 0) return vertical < 0 ? "at the top" : "at the bottom";
  return (vertical < 0 ? "in the upper " : "in the lower ") + side + (index % 2 == 0 ? " corner" : "");
}

bool BoxedThings::stands(Relation relation, int first, int second) const {
  constexpr float margin = .1F, larger = 1.3F;
  const SeenObject &a = object(first), &b = object(second);
  switch (relation) {
    case Relation::left_of:
      return across_of(b) - across_of(a) >= margin;
    case Relation::right_of:
      return across_of(a) - across_of(b) >= margin;
    case Relation::above:
      return down_of(b) - down_of(a) >= margin;
    case Relation::below:
      return down_of(a) - down_of(b) >= margin;
    case Relation::larger:
      return extent_of(a) >= larger * extent_of(b);
    case Relation::smaller:
      return extent_of(b) >= larger * extent_of(a);
  }
  return false;
}

std::optional<int> BoxedThings::extreme(Relation relation) const {
  for (int candidate = 0; candidate < size(); ++candidate) {
    bool all = size() > 1;
    for (int other = 0; other < size(); ++other) all = all && (other == candidate || stands(relation, candidate, other));
    if (all) return candidate;
  }
  return std::nullopt;
}

std::vector<NamedThings> BoxedThings::groups() const {
  std::vector<NamedThings> groups;
  for (int i = 0; i < size(); ++i) {
    const auto known = std::ranges::find_if(groups, [&](const NamedThings& group) { return group.query() == things(i).query(); });
    if (known == groups.end())
      groups.push_back(things(i));
    else
      ++known->count;
  }
  return groups;
}

}  // namespace omma
