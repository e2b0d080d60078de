// A SAM that trains in seconds.
#pragma once

#include "tests/unit/sam/small_sam.h"

namespace omma::sam {

// Thirty steps of the small one in the world.
inline json small_sam_recipe(const json& changes = json::object()) {
  json recipe = {{"task", "sam"},
                 {"steps", 30},
                 {"batch_size", 2},
                 {"max_masks", 3},
                 {"learning_rate", 0.002},
                 {"threads", 1},
                 {"world", {{"emblems", 0.5}}},
                 {"interaction", {{"clicks", 1}, {"repeats", 1}}},
                 {"model", small_sam()}};
  recipe.update(changes);
  return recipe;
}

}  // namespace omma::sam
