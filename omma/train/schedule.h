// The learning rate over a training run, as a factor of the recipe's `learning_rate`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "omma/base/config.h"

namespace omma {

struct ScheduleConfig {
  std::string kind = "cosine";             // constant, cosine or steps, after the warm-up
  int64_t warmup_steps = 0;                // linear from 0
  double hold = 0;                         // cosine: share of the run before the decay begins
  double final_factor = 0;                 // cosine: factor at the last step
  std::vector<double> milestones = {0.9};  // steps: shares of the run after which the rate is multiplied by `drop`
  double drop = 0.1;

  template <class Fields>
  void fields(Fields& field) {
    field("kind", kind);
    field("warmup_steps", warmup_steps, Range{0, 1e9});
    field("hold", hold, Range{0, 1});
    field("final_factor", final_factor, Range{0, 1});
    field("milestones", milestones, Range{0, 1});
    field("drop", drop, Range{0, 1});
  }
  void validate(Faults& faults) const;
};

// The factor at `step` (0-based) of `total_steps`.
double learning_rate_factor(const ScheduleConfig& schedule, int64_t step, int64_t total_steps);

}  // namespace omma
