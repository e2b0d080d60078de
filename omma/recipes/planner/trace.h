// Traces that teach a planner: questions about invented pictures, and how an oracle that knows the answer would use the tools. No
// picture is drawn; the tools and the loop's text are the real ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/agent/tools/picture_tools.h"

namespace omma {

enum class PlannerSkill {
  count,
  exist,
  color,
  relation,
  what,
  compare,
  where,
  list,
  exist_relation,
  describe,
  cut_out,           // "Cut out the blue dog."
  area,              // "How much of the picture is the largest car?"
  mask_relation,     // "Segment what is left of the tree."
  describe_cut_out,  // "Describe the picture, then segment what is left of the tree."
  off_topic
};
inline constexpr int planner_skill_count = 15;
std::string_view name_of(PlannerSkill skill);

// What is answered to a question that needs segment_object where it is not on offer.
inline constexpr const char* no_segmenter_answer = "I cannot do that without the tool segment_object.";

struct PlannerTrace {
  PlannerSkill skill = PlannerSkill::count;
  std::string question;
  std::string answer;
  std::string text;  // "Tools: ...\nQuestion: ...\nThought: ... Final Answer: 3"
  std::vector<std::pair<std::size_t, std::size_t>>
      learned;           // bytes [begin, end) of `text` that the planner writes itself, ascending
  PictureModels models;  // that know what the picture shows; those that are null are not on offer
};

// Trace number `index` of a seed; pure. `known_words_only`: no names from outside the picture-book world. Pairs of the combo split
// never appear. Some calls fail: they are made once more.
PlannerTrace make_planner_trace(std::uint64_t seed, std::uint64_t index, bool known_words_only = false);

}  // namespace omma
