// The right call of a tool, and whether a call that a planner made is as good.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/agent/evaluation/thing_names.h"
#include "omma/base/json.h"

namespace omma {

struct RightCall {
  std::string tool;
  json input = json::object();
  // Of describe_image and describe_video: names and words that the call's question must have, in any wording of it. Empty and
  // `asks`: any question will do.
  std::vector<std::string> mentions = {};
  bool asks = false;
};

// A clip's times, where the question is about one.
struct CallTimes {
  double usual = 0;     // where a tool looks that is not told when
  double duration = 0;  // what "end" means
};

// The tool is the same, and so are the arguments: names whatever their number, case, article and synonym ("The Lorries", "truck"),
// lists in any order, colours apart or before each name, numbers by value, times within half a second, "which": "all" like none.
// Where the right call tries three colours or more, any three are as good. An argument more or less makes it another call.
bool is_as_good(const RightCall& right, std::string_view tool, const json& input, const ThingNames& names,
                const std::optional<CallTimes>& times = std::nullopt);

// Whether a question has all of these names and words.
bool mentions_all(const std::string& question, const std::vector<std::string>& mentions, const ThingNames& names);

}  // namespace omma
