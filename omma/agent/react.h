// The ReAct loop (Yao et al. 2022): a language model reasons, calls tools, reads what they found, and answers.
//
// The loop, not the model, decides what runs: only tools of the box, with arguments that fit their schema, within limits of steps,
// tokens and time. What tools return is data; nothing in it can end, redirect or imitate the loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/agent/tool.h"
#include "omma/tasks/language_model.h"

namespace omma {

struct AgentOptions {
  int max_steps = 6;      // generations of the model, the answer's among them; with 0 or none left an answer is asked for at once
  int max_tokens = 2048;  // generated in all
  int max_step_tokens = 256;
  std::chrono::milliseconds max_time{120'000};  // of everything, inside a request and a tool, too; a fifth is kept for the answer
  std::chrono::milliseconds max_tool_time{60'000};
  std::size_t max_observation_bytes = 4000;
  std::function<bool()> cancelled;  // asked between steps; true ends the run with what is known
};

// One step as it happened. A step whose text could not be read as an action has an empty `action`.
struct AgentStep {
  std::string generated;  // the model's text, whole
  std::string thought;
  std::string action;
  json input;
  std::string observation;  // as the model reads it
  json data;                // of the tool's result, null where there is none
  bool failed = false;      // the observation tells an error
};

enum class AgentEnd {
  answer,       // the model answered
  max_steps,    // the steps were used up, or too many were repeated, refused or unreadable; the answer was asked for
  max_seconds,  // the time was; the answer was asked for
  length,       // the tokens were; the answer was asked for, or was cut
  error,        // the language model failed, or gave no answer
};
std::string_view name_of(AgentEnd end);

struct AgentResult {
  std::string answer;
  std::vector<AgentStep> steps;
  std::string final_text;  // the model's text that held the answer, whole
  AgentEnd stopped = AgentEnd::answer;
  std::string reason;  // the limit or the error in words; "" for an answer
  int tokens = 0;      // generated in all
};

// {"answer", "steps": [{thought, action, input, observation, boxes?, masks?, time?}], "stopped", "reason"?}; time: of
// the frame of a clip that a step looked at, in seconds; boxes: of a step that looked
// for objects, [{label, score, box [x0, y0, x1, y1]}]; masks: of one that cut them out, the same with {area, share, place, rle,
// predicted_iou}, where the box is the mask's (see segment_object.h).
json to_json(const AgentResult& result);

// Told each step after it happened.
using AgentObserver = std::function<void(const AgentStep& step)>;

// Never throws for what the model or a tool does. Throws std::invalid_argument for options out of range or an empty question.
AgentResult run_agent(LanguageModel& model, const Toolbox& tools, std::string_view question, const AgentOptions& options = {},
                      const AgentObserver& observer = nullptr);

}  // namespace omma
