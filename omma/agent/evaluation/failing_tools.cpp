#include "omma/agent/evaluation/failing_tools.h"

#include <memory>
#include <mutex>
#include <stdexcept>

#include "omma/base/error.h"

namespace omma {

Toolbox with_failures(const Toolbox& tools, double rate, const Rng& rng) {
  check(rate >= 0 && rate <= 1, "tool errors: expected a share from 0 to 1, got {}", rate);
  struct Luck {
    Rng rng;
    std::mutex mutex = {};  // a tool that was left behind may still be at work
  };
  const auto luck = std::make_shared<Luck>(rng);
  Toolbox failing;
  for (Tool tool : tools.tools()) {
    tool.run = [run = std::move(tool.run), rate, luck](const json& input) {
      const bool fails = [&] {
        const std::scoped_lock lock(luck->mutex);
        return luck->rng.chance(rate);
      }();
      if (fails) throw std::runtime_error("the tool failed");
      return run(input);
    };
    failing.add(std::move(tool));
  }
  return failing;
}

}  // namespace omma
