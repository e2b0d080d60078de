// How often an agent calls the right tool first and answers right, asked what people wrote, with tools that know the pictures: what
// is wrong is the planner's fault.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "omma/agent/evaluation/known_moments.h"
#include "omma/agent/evaluation/question_file.h"
#include "omma/agent/react.h"

namespace omma {

// A question with the tools that it may be answered with. As `omma agent` does, the words that tell a clip's moment are taken out
// of it where they are understood; the tools look there, or else in the middle, where a call does not say when.
struct PosedQuestion {
  std::string text;
  Toolbox tools;
  std::optional<CallTimes> times;  // of a clip
  KnownView view;
};
PosedQuestion pose(const QuestionFile& file, const WrittenQuestion& question);

struct QuestionVerdict {
  bool right_call = false;    // the first step's call, or none where none was to be made
  bool right_answer = false;  // and it was given, not asked for at a limit; where any talk is right, after the right first call
};
QuestionVerdict judge(const WrittenQuestion& question, const PosedQuestion& posed, const AgentResult& result,
                      const ThingNames& names);

// Told each question as it is answered.
using QuestionObserver =
    std::function<void(const WrittenQuestion& question, const AgentResult& result, const QuestionVerdict& verdict)>;

// {"all": {"asked", "right_calls", "right_answers", "call_accuracy", "answer_accuracy"}, "per_kind": {kind: the same}, "steps":
// mean}
json evaluate_agent(LanguageModel& model, const QuestionFile& file, const AgentOptions& options = {},
                    const QuestionObserver& observer = nullptr);

}  // namespace omma
