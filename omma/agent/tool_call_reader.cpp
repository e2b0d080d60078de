#include "omma/agent/tool_call_reader.h"

namespace omma {

namespace {

std::string text_in(const json& object, const char* name) {
  return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

}  // namespace

void ToolCallReader::push(const json& message) {
  if (!message.is_object()) return;
  if (message.contains("function_call")) take(message["function_call"]);
  if (!message.contains("tool_calls") || !message["tool_calls"].is_array()) return;
  for (const json& call : message["tool_calls"]) {
    if (!call.is_object() || !call.contains("function")) continue;
    // Parts of one call have its index; some servers leave that out or say 0 of all, and tell calls apart by their ids.
    const json place = call.value("index", json());
    const std::string id = text_in(call, "id");
    if (!place_) {
      place_ = place;
      id_ = id;
    }
    if (place == *place_ && (id.empty() || id == id_)) take(call["function"]);
  }
}

void ToolCallReader::take(const json& function) {
  if (!function.is_object()) return;
  if (name_.empty()) name_ = text_in(function, "name");
  if (!function.contains("arguments")) return;
  const json& arguments = function["arguments"];
  if (arguments.is_string())
    arguments_ += arguments.get<std::string>();
  else if (arguments.is_object())
    arguments_ += dump_json(arguments);
}

std::string ToolCallReader::as_text() const {
  if (!called()) return "";
  return "Action: " + name_ + "\nAction Input: " + (arguments_.empty() ? "{}" : arguments_);
}

}  // namespace omma
