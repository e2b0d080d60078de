// How everything in a picture is looked for: the flags of automatic masks.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "apps/command.h"
#include "omma/tasks/segmenter.h"

namespace omma::app {

// By the published names, --points-per-side and the like, and --enlargement, which prompts follow, too. What no flag says is the
// model's own choice. Lives as long as the command that it is added to.
class AutomaticFlags {
 public:
  void add_to(CLI::App& command);

  AutomaticMaskOptions over(AutomaticMaskOptions defaults) const;
  LoadOptions over(LoadOptions load) const;

 private:
  std::vector<std::function<void(AutomaticMaskOptions&)>> changes_;
  std::optional<double> enlargement_;
};

}  // namespace omma::app
