// Reads what a language model wrote as one step of ReAct (Yao et al. 2022):
//   "<thought>\nAction: NAME\nAction Input: {JSON}"   or   "<thought>\nFinal Answer: <text>"
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "omma/base/json.h"

namespace omma {

// Exactly one of `answer`, `action` and `fault` is set; `thought` may be empty.
struct ReactStep {
  std::string thought;
  std::optional<std::string> answer;
  std::optional<std::string> action;
  json input;             // with `action`
  std::string raw_input;  // the input as written
  std::string fault;      // what is wrong, as a sentence for the model; what it quotes of the text is made safe
};

// `text` continues "Thought:". Markers count at the start of a line, in any case, with or without Markdown emphasis. Rules:
// - text from the first "Observation:" or "Question:" line on is the model's invention and is dropped;
// - of "Action:" and "Final Answer:" the one that comes first decides, the rest is dropped: an answer written below an action was
//   made up before its observation; of two actions the first counts;
// - the name is freed of blanks, quotes, backticks, brackets and a trailing full stop;
// - the input is the first JSON value after "Action Input:", in a code fence or not, over several lines or not; text after it is
//   dropped;
// - a missing or malformed input and a text with neither marker are faults.
ReactStep parse_react(std::string_view text);

}  // namespace omma
