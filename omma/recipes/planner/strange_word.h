// Words that nobody knows among those of a question, so that a planner learns to go by the others.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "omma/recipes/planner/trace.h"

namespace omma {

// Bytes of a wording.
struct WordPlace {
  std::size_t begin = 0, length = 0;
};

// The words of one of the skill's wordings (question_templates.h) in whose place any other may stand: none beside a name, which
// would be read as a part of it, and none without which the rest may ask for something else: "What is the ... of the dog?".
std::vector<WordPlace> replaceable_words(PlannerSkill skill, std::string_view wording);

}  // namespace omma
