#include "omma/train/schedule.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

TEST(Schedule, WarmsUpHoldsAndDecays) {
  const ScheduleConfig cosine{.kind = "cosine", .warmup_steps = 9, .hold = 0.5, .final_factor = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate_factor(cosine, 0, 1000), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_factor(cosine, 8, 1000), 0.9);
  EXPECT_DOUBLE_EQ(learning_rate_factor(cosine, 500, 1000), 1);
  EXPECT_DOUBLE_EQ(learning_rate_factor(cosine, 750, 1000), 0.55);
  EXPECT_DOUBLE_EQ(learning_rate_factor(cosine, 1000, 1000), 0.1);
}

TEST(Schedule, Steps) {
  const ScheduleConfig steps{.kind = "steps", .milestones = {0.5, 0.9}, .drop = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate_factor(steps, 49, 100), 1);
  EXPECT_DOUBLE_EQ(learning_rate_factor(steps, 50, 100), 0.1);
  EXPECT_NEAR(learning_rate_factor(steps, 95, 100), 0.01, 1e-12);
}

TEST(Schedule, UnknownKindsAreRefused) {
  EXPECT_THROW(read_config<ScheduleConfig>({{"kind", "linear"}}, "r.json"), std::invalid_argument);
}

}  // namespace
}  // namespace omma
