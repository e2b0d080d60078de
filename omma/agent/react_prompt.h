// The text of the ReAct loop (Yao et al. 2022): what the language model reads, and what is added after each step.
//
//   Tools: detect_objects, describe_image
//   Question: How many buses are there?
//   Thought: I need to find bus.
//   Action: detect_objects
//   Action Input: {"objects":["bus"]}
//   Observation: Found bus: 3. ...
//   Thought: The picture shows 3.
//   Final Answer: 3
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "omma/agent/tool.h"
#include "omma/tasks/language_model.h"

namespace omma {

// Where the model's text ends: what follows is the loop's to write.
inline constexpr std::string_view react_stop = "\nObservation:";

// What is added to ask for an answer at once.
inline constexpr std::string_view react_forced_answer = " I must answer now.\nFinal Answer:";

// Ends in "Thought:". The question is put on one line and stripped of loop markers. A model that sees the picture is told that the
// tools are for what has to be exact.
std::string react_prompt(std::string_view question, const Toolbox& tools, AgentFormat format, bool sees_picture = false);

// The line that follows a step's text, and the next "Thought:".
std::string react_observation(std::string_view observation);

// A result as the model reads it, of at most `max_bytes`: the summary, and where the format is `plain` the details too.
std::string observation_of(const ToolResult& result, AgentFormat format, std::size_t max_bytes);

// What went wrong as the model reads it: an error from outside, made safe, or a refusal of the loop's own, which shows the format
// with its markers and stays as it is.
inline constexpr std::string_view error_prefix = "Error - ";
std::string observation_of_error(std::string_view error, std::size_t max_bytes);
std::string observation_of_refusal(std::string_view refusal);

}  // namespace omma
