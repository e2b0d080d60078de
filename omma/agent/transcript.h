// An agent's run as JSON lines, and its replay.
//
//   {"event": "question", "question": "...", "format": "compact"}
//   {"event": "step", "generated": "...", "thought": "...", "action": "...", "input": {...}, "observation": "...", "failed": false}
//   {"event": "answer", "generated": "...", "answer": "...", "stopped": "answer", "reason": "", "tokens": 57}
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "omma/agent/react.h"

namespace omma {

struct Transcript {
  std::string question;
  AgentFormat format = AgentFormat::plain;
  AgentResult result;
};

std::string write_transcript(const Transcript& transcript);

// Throws std::invalid_argument that names `where`, the line and the field.
Transcript read_transcript(std::string_view lines, std::string_view where);

// Runs the loop again with the recorded texts and observations in place of the model and the tools: the same result, or the first
// difference as a std::invalid_argument. A run that a limit or an error ended replays its whole steps and the answer it gave then.
AgentResult replay(const Transcript& transcript, const Toolbox& tools, const AgentOptions& options = {});

}  // namespace omma
