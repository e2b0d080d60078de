// Names that a planner cannot know, so that it learns to copy them.
#pragma once

#include <string>

#include "omma/base/rng.h"

namespace omma {

struct MadeUpNoun {
  std::string singular;
  std::string plural;  // by English rule
};

// One word, invented: "trabble".
std::string invented_word(Rng& rng);

// One to three words, invented ("trabble", "Mork drelis") or real words outside the picture-book world ("white blood cell").
MadeUpNoun make_up_noun(Rng& rng);

}  // namespace omma
