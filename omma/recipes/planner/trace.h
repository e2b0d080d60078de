// Traces that teach a planner: questions about invented pictures, and how an oracle that knows the answer would use the tools. No
// picture is drawn; the tool and the loop's text are the real ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/agent/evaluation/known_objects.h"
#include "omma/base/rng.h"

namespace omma {

enum class PlannerSkill { count, exist, color, relation, what, compare, where, list, exist_relation, describe, off_topic };
inline constexpr int planner_skill_count = 11;
std::string_view name_of(PlannerSkill skill);

struct PlannerTrace {
  PlannerSkill skill = PlannerSkill::count;
  std::string question;
  std::string answer;
  std::string text;  // "Question: ...\nThought: ... Final Answer: 3"
  std::vector<std::pair<std::size_t, std::size_t>>
      learned;                       // bytes [begin, end) of `text` that the planner writes itself, ascending
  std::vector<KnownObject> objects;  // what the picture shows
};

// Trace number `index` of a seed; pure. `known_words_only`: no names from outside the picture-book world. Pairs of the combo split
// never appear.
PlannerTrace make_planner_trace(std::uint64_t seed, std::uint64_t index, bool known_words_only = false);

}  // namespace omma
