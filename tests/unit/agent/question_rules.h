// How the right answer to a written question follows from what its picture shows: the "why" of a question file, worked out apart
// from the tools.
//
//   ["count", "red dog", ...], ["exists", P], ["color", P], ["is_color" or "all_color", P, COLOR], ["more", P, Q], ["fewer", P, Q],
//   ["same", P, Q], ["more_of", P, Q], ["difference", P, Q], ["relation", "left of", P, Q], ["some", "left of", P, Q],
//   ["related", "left of", P], ["nearer" or "nearest", EDGE, P, Q], ["edge_color", EDGE, P], ["edge_side", EDGE, P],
//   ["edge_name", EDGE], ["largest_color" or "smallest_color", P], ["largest_place", P], ["smallest_place", P],
//   ["largest_name", P, ...], ["larger_of", P, Q], ["place", P], ["side", P], ["kinds"], ["share", P], ["share_largest", P],
//   ["mask", P], ["mask_largest", P], ["mask_smallest", P], ["all", WHY, WHY], ["at", SECONDS or "end", WHY]
//
// A phrase P is "dog", "red dog", "red thing" or "anything"; EDGE is left, right, top or bottom.
#pragma once

#include <vector>

#include "omma/agent/evaluation/known_objects.h"
#include "omma/agent/evaluation/thing_names.h"
#include "omma/base/json.h"
#include "omma/vision/mask.h"
#include "omma/vision/resize.h"

namespace omma::testing {

struct SeenObject {
  KnownObject object;
  RunLengths mask;  // empty where it is not known
};

struct SeenPicture {
  Size size;
  std::vector<SeenObject> objects;
  const ThingNames& names;
};

// The answer as a question file has it: {"number": 3}. Masks are told by their objects' places. Throws std::invalid_argument where
// the rule does not tell: one object is asked for and there are more, or two are too near to each other for a person to tell.
json answer_by_rule(const json& why, const SeenPicture& picture);

}  // namespace omma::testing
