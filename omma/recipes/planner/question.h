// Questions about invented pictures.
#pragma once

#include <string>

#include "omma/base/rng.h"
#include "omma/recipes/planner/trace.h"

namespace omma {

// "large red dog", "large red dogs"; the parts are what it is made of. Any name: "red thing", "things", where `name` is "thing" or,
// in no colour, empty.
struct NounPhrase {
  std::string singular = {};
  std::string plural = {};
  std::string name = {}, plural_name = {}, color = {}, size = {};

  bool means_anything() const { return name.empty(); }
};

struct PlannerQuestion {
  PlannerSkill skill = PlannerSkill::count;
  std::string text = {};
  NounPhrase subject = {};
  NounPhrase reference = {};  // relation, what, compare, exist_relation; of what is cut out where there is a relation
  std::string relation = {};  // "left of", ..., "smaller than"
  std::string which = {};     // of what is cut out: "" for all, "best", "largest", "smallest"
  bool fewer = false;         // compare: fewer, not more
};

// Whether it is answered with a mask.
bool asks_for_mask(PlannerSkill skill);

PlannerQuestion make_planner_question(PlannerSkill skill, bool known_words_only, Rng& rng);

}  // namespace omma
