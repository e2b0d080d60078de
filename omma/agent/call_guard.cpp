#include "omma/agent/call_guard.h"

#include "omma/agent/observation.h"
#include "omma/base/error.h"

namespace omma {

namespace {

std::string key_of(const ReactStep& step) { return *step.action + " " + dump_json(step.input); }

}  // namespace

const Tool* CallGuard::admit(const ReactStep& step, std::string& refusal) {
  if (!step.fault.empty()) {
    ++strikes_;
    refusal = step.fault;
    return nullptr;
  }
  const Tool* tool = tools_.find(*step.action);
  if (tool == nullptr) {
    ++strikes_;
    refusal = fmt::format("there is no tool \"{}\"; the tools are: {}", sanitise_line(*step.action, 64), tools_.names());
    return nullptr;
  }
  if (retired_.contains(tool->name)) {
    ++strikes_;
    refusal = tool->name + " did not answer in time and cannot be called again; give the final answer";
    return nullptr;
  }
  if (!calls_.insert(key_of(step)).second) {
    ++strikes_;
    refusal = "this call was made before and its result is above; do something else or give the final answer";
    return nullptr;
  }
  return tool;
}

void CallGuard::allow_again(const ReactStep& step) {
  if (failed_.insert(key_of(step)).second) calls_.erase(key_of(step));
}

}  // namespace omma
