#include "omma/agent/tool.h"

#include <algorithm>
#include <future>
#include <memory>
#include <thread>

#include "omma/agent/schema.h"
#include "omma/base/error.h"

namespace omma {

namespace {

bool is_tool_name(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' && std::all_of(name.begin(), name.end(), allowed);
}

ToolOutcome run_handler(const std::function<ToolResult(const json&)>& handler, const json& input) {
  try {
    return {.result = handler(input), .error = "", .timed_out = false};
  } catch (const std::exception& error) {
    return {.result = {}, .error = error.what()[0] != '\0' ? error.what() : "the tool failed", .timed_out = false};
  } catch (...) {
    return {.result = {}, .error = "the tool failed", .timed_out = false};
  }
}

}  // namespace

void Toolbox::add(Tool tool) {
  check(is_tool_name(tool.name), "tool: expected a name of a-z, 0-9 and _, got \"{}\"", tool.name);
  check(find(tool.name) == nullptr, "tool {}: the name is taken", tool.name);
  check(static_cast<bool>(tool.run), "tool {}: has no handler", tool.name);
  check_schema(tool.schema, "tool " + tool.name);
  const std::string fault = schema_fault(tool.schema, tool.example);
  check(fault.empty(), "tool {}: its example does not fit its schema: {}", tool.name, fault);
  tools_.push_back(std::move(tool));
}

const Tool* Toolbox::find(std::string_view name) const {
  const auto found = std::find_if(tools_.begin(), tools_.end(), [&](const Tool& tool) { return tool.name == name; });
  return found == tools_.end() ? nullptr : &*found;
}

std::string Toolbox::names() const {
  std::string list;
  for (const Tool& tool : tools_) list += (list.empty() ? "" : ", ") + tool.name;
  return list;
}

ToolOutcome call_tool(const Tool& tool, const json& input, std::chrono::milliseconds limit) {
  if (std::string fault = schema_fault(tool.schema, input); !fault.empty())
    return {.result = {}, .error = fault, .timed_out = false};
  // The handler and its input are copied: a handler that outlives its limit keeps what it captured alive.
  auto work = std::make_shared<std::packaged_task<ToolOutcome()>>([run = tool.run, input] { return run_handler(run, input); });
  std::future<ToolOutcome> outcome = work->get_future();
  std::thread worker([work] { (*work)(); });
  if (outcome.wait_for(limit) == std::future_status::ready) {
    worker.join();
    return outcome.get();
  }
  worker.detach();
  return {.result = {}, .error = fmt::format("no result within {} ms", limit.count()), .timed_out = true};
}

}  // namespace omma
