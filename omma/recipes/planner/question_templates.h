// The sentences in which a planner is taught to be asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "omma/base/rng.h"
#include "omma/recipes/planner/question.h"

namespace omma {

// One of the sentences that ask for it. {s} and {p}: the subject, one or many; {a}: with its article; {S}, {P} and {A}: the
// reference; {r}: the relation; {m}: what is cut out, which {is} and {does}, one or many. Not of off_topic, which has sentences of
// its own.
std::string question_template(const PlannerQuestion& question, Rng& rng);

// All the sentences that ask for it; of describe_cut_out with {c} where one that asks for a mask stands, of off_topic with {n} and
// {N}, a noun, one and many.
std::vector<std::string_view> wordings_of(PlannerSkill skill);

// "please ...", "Look at the picture: ...": what people put around a question.
std::string with_courtesies(std::string text, Rng& rng);

}  // namespace omma
