// Pictures that nobody draws: what they show, and tools that know it.
#pragma once

#include <string>
#include <vector>

#include "omma/agent/evaluation/known_objects.h"
#include "omma/agent/tools/picture_tools.h"
#include "omma/base/rng.h"
#include "omma/recipes/planner/question.h"

namespace omma {

inline constexpr int invented_side = 128;  // of a picture, in pixels

// A picture that the question may be about: objects that fit the subject and the reference, and others like them.
std::vector<KnownObject> invent_objects(const PlannerQuestion& question, Rng& rng);

// What a captioner may say of some picture: an exact caption, and unless only known words are wanted, at times with words that it
// stammers or makes up.
std::string invent_caption(bool known_words_only, Rng& rng);

// What an answerer may say.
std::string invent_answer(const PlannerQuestion& question, Rng& rng);

// Models that know such a picture, of which some may be missing; what is there is what a planner is offered tools of. Objects are
// as wide and as high as their boxes, and round.
PictureModels invent_models(const PlannerQuestion& question, bool known_words_only, Rng& rng);

}  // namespace omma
