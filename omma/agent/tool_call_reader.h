// Tool calls that a chat server sends beside the text, as a step of ReAct.
#pragma once

#include <optional>
#include <string>

#include "omma/base/json.h"

namespace omma {

// Puts the first call together from the messages or deltas that hold parts of it; of several calls the first counts. Not
// thread-safe.
class ToolCallReader {
 public:
  // A message or delta: its "tool_calls", or the older "function_call". Arguments are JSON in a string, in parts, or an object.
  void push(const json& message);

  bool called() const { return !name_.empty(); }

  // "Action: NAME\nAction Input: ARGUMENTS", "" where nothing was called.
  std::string as_text() const;

 private:
  void take(const json& function);

  std::optional<json> place_;  // the first call's index
  std::string id_;
  std::string name_;
  std::string arguments_;
};

}  // namespace omma
