// A scene told whole: every object with its colour, and how two groups of them stand to each other.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/rng.h"
#include "omma/data/world/scene.h"

namespace omma {

struct ObjectGroup {  // all objects of one name and colour
  int name = 0;
  int color = 0;
  int count = 1;
};

struct SceneDescription {
  std::vector<ObjectGroup> groups;        // from left to right, by each group's leftmost object
  std::optional<Relation> relation = {};  // in space, of groups[0] to groups[1], which are then all; each object to each
  int phrasing = 0;                       // below phrasing_count
  static constexpr int phrasing_count = 6;
};

// Of two groups, in half of the cases where any relation holds, they are told by it, in either order.
SceneDescription describe_scene(const Scene& scene, Rng& rng);

// "a red dog and two blue cars", "there are two blue cars left of a red dog": lower case, no full stop.
std::string text_of(const SceneDescription& description);

// Whether a person would call the description wrong: a group of which the scene has more or fewer, or a relation the opposite of
// which holds.
bool contradicts(const SceneDescription& description, const Scene& scene);

inline std::string exact_caption(const Scene& scene, Rng& rng) { return text_of(describe_scene(scene, rng)); }

// "What is in the picture?", "Describe the picture.", ...: what an exact caption answers. For agents alone, and so none of the
// QuestionTypes: as answers to questions about pictures such texts could not be compared.
std::span<const std::string_view> description_requests();

}  // namespace omma
