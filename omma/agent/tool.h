// Tools as data: what an agent may call, how the arguments must look, and what comes back.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"

namespace omma {

// What a call returns. All text is data for the model to read, never instructions to the loop.
struct ToolResult {
  std::string summary;  // the answer in a line or a few, small enough for a small planner
  std::string details;  // more, for language models that can use it; may be empty
  json data;            // the same for programs (boxes, scores)
};

struct Tool {
  std::string name;         // [a-z][a-z0-9_]*
  std::string description;  // one or two sentences for the model
  json schema;              // of the input, see check_schema()
  json example;             // an input that fits the schema, shown in the prompt
  // Called on a thread of its own, one call at a time. An exception becomes an observation that tells its message.
  std::function<ToolResult(const json& input)> run;
};

// The tools of one agent, by unique names.
class Toolbox {
 public:
  // Throws std::invalid_argument for a bad or repeated name, an unsupported schema, an example that does not fit it, or no handler.
  void add(Tool tool);

  const std::vector<Tool>& tools() const { return tools_; }
  const Tool* find(std::string_view name) const;  // exact; nullptr where absent
  std::string names() const;                      // "detect_objects, describe_image"

 private:
  std::vector<Tool> tools_;
};

// What one call gave: a result, or why there is none.
struct ToolOutcome {
  ToolResult result;
  std::string error;       // "" where the call succeeded
  bool timed_out = false;  // the handler is still running; it is left behind and its tool should not be called again
};

// Checks `input` against the tool's schema and runs it for at most `limit`. Never throws for what the tool or the input does.
ToolOutcome call_tool(const Tool& tool, const json& input, std::chrono::milliseconds limit);

}  // namespace omma
