#include "omma/train/schedule.h"

#include <cmath>
#include <numbers>

namespace omma {

void ScheduleConfig::validate(Faults& faults) const {
  faults.expect(kind == "constant" || kind == "cosine" || kind == "steps",
                "schedule.kind: expected constant, cosine or steps, got \"{}\"", kind);
}

double learning_rate_factor(const ScheduleConfig& schedule, int64_t step, int64_t total_steps) {
  if (step < schedule.warmup_steps) return static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps + 1);
  const double progress = static_cast<double>(step) / static_cast<double>(std::max<int64_t>(1, total_steps));
  if (schedule.kind == "cosine") {
    if (progress <= schedule.hold) return 1;
    const double along = std::min(1.0, (progress - schedule.hold) / (1 - schedule.hold));
    return schedule.final_factor + (1 - schedule.final_factor) * 0.5 * (1 + std::cos(std::numbers::pi * along));
  }
  double factor = 1;
  if (schedule.kind == "steps")
    for (const double milestone : schedule.milestones) factor *= progress >= milestone ? schedule.drop : 1;
  return factor;
}

}  // namespace omma
