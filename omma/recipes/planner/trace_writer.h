// How a trace is written.
#pragma once

#include <string>

#include "omma/agent/call_guard.h"
#include "omma/agent/tool.h"
#include "omma/base/json.h"
#include "omma/base/rng.h"
#include "omma/recipes/planner/question.h"
#include "omma/recipes/planner/trace.h"

namespace omma {

// Writes a trace as the loop would, and remembers which bytes are the planner's own.
class TraceWriter {
 public:
  TraceWriter(const PlannerQuestion& question, const PictureModels& models, bool known_words_only, Rng& rng);

  bool offers(const char* tool) const { return tools_.find(tool) != nullptr; }

  // The data of the tool's result. Where the tool fails the call is made once more; null where it fails again.
  json call(const std::string& thought, const json& input, const std::string& tool = "detect_objects");

  // What the tool said last, as the planner reads it.
  const std::string& said() const { return said_; }

  // Ends the trace.
  void answer(const std::string& thought, const std::string& answer);
  void give_up() { answer("The tool failed.", "unknown"); }

  PlannerTrace take() { return std::move(trace_); }

 private:
  json attempt(const std::string& thought, const json& input, const std::string& tool, double failure_chance);
  std::string failure();
  void learn(const std::string& text);

  Toolbox tools_;
  CallGuard guard_;
  bool known_words_only_;
  Rng& rng_;
  PlannerTrace trace_;
  std::string said_;
};

}  // namespace omma
