// What keeps an agent from going round in circles.
#pragma once

#include <set>
#include <string>

#include "omma/agent/react_parser.h"
#include "omma/agent/tool.h"

namespace omma {

// Decides whether a call may run. Not thread-safe.
class CallGuard {
 public:
  explicit CallGuard(const Toolbox& tools) : tools_(tools) {}

  // The tool to run, or nullptr and in `refusal` why not, as a sentence for the model that is safe in its prompt.
  const Tool* admit(const ReactStep& step, std::string& refusal);

  // An admitted call failed: it may be made once more, which what fails by chance is worth.
  void allow_again(const ReactStep& step);

  // The handler did not come back: its tool is not called again.
  void retire(const Tool& tool) { retired_.insert(tool.name); }

  // Refused repetitions and unreadable steps so far.
  int strikes() const { return strikes_; }

 private:
  const Toolbox& tools_;
  std::set<std::string> calls_;  // name and input of every call made, but for those that may be made again
  std::set<std::string> failed_;
  std::set<std::string> retired_;
  int strikes_ = 0;
};

}  // namespace omma
