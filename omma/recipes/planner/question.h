// Questions about invented pictures.
#pragma once

#include <string>
#include <vector>

#include "omma/agent/evaluation/known_objects.h"
#include "omma/base/rng.h"
#include "omma/recipes/planner/trace.h"

namespace omma {

// "large red dog", "large red dogs"; the parts are what it is made of. An empty name: "red thing", "things".
struct NounPhrase {
  std::string singular;
  std::string plural;
  std::string name, plural_name, color, size;
};

struct PlannerQuestion {
  PlannerSkill skill = PlannerSkill::count;
  std::string text;
  NounPhrase subject;
  NounPhrase reference;  // relation, what, compare, exist_relation
  std::string relation;  // relation, what, exist_relation: "left of", ..., "smaller than"
  bool fewer = false;    // compare: fewer, not more
};

PlannerQuestion make_planner_question(PlannerSkill skill, bool known_words_only, Rng& rng);

// A picture that the question may be about: objects that fit the subject and the reference, and others like them. 128 x 128 pixels.
std::vector<KnownObject> invent_picture(const PlannerQuestion& question, Rng& rng);

// What a captioner may say of some picture: an exact caption, and unless only known words are wanted, at times with words that it
// stammers or makes up.
std::string invent_caption(bool known_words_only, Rng& rng);

}  // namespace omma
