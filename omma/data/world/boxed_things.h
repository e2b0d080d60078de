// What the boxes in a picture's text tell for certain. Not part of the interface.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/judgement.h"
#include "omma/data/world/wording.h"

namespace omma {

// The world's things with their boxes, from left to right by their centres.
class BoxedThings {
 public:
  explicit BoxedThings(std::string_view picture_text);

  int size() const { return static_cast<int>(objects_.size()); }
  const SeenObject& object(int index) const { return objects_.at(static_cast<std::size_t>(index)); }
  NamedThings things(int index) const { return {.name = object(index).name, .color = object(index).color}; }
  bool unique(int index) const;  // no other has its name and colour

  // Where it stands: "on the left", "in the lower right corner", "in the middle".
  std::string place(int index) const;

  // Whether it stands so, beyond dispute.
  bool stands(Relation relation, int first, int second) const;

  // The one that stands so to all others.
  std::optional<int> extreme(Relation relation) const;

  // All things grouped by name and colour, from left to right by each group's first.
  std::vector<NamedThings> groups() const;

 private:
  std::vector<SeenObject> objects_;
};

}  // namespace omma
