#include "omma/base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace omma {
namespace {

TEST(Rng, IsTheSameEverywhere) {
  Rng rng(7, 3);
  const std::array<std::uint64_t, 3> drawn = {rng.bits(), rng.bits(), rng.bits()};
  Rng again(7, 3);
  again.set_counter(1);
  EXPECT_EQ(again.bits(), drawn[1]);
  EXPECT_NE(Rng(7, 4).bits(), drawn[0]);
  EXPECT_NE(Rng(8, 3).bits(), drawn[0]);
}

TEST(Rng, BelowIsUniform) {
  Rng rng(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts[rng.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Rng, UniformStaysInRange) {
  Rng rng(2);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double x = rng.uniform();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    sum += x;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.01);
}

TEST(Rng, ShuffleKeepsAllItems) {
  Rng rng(3);
  std::vector<int> items(50);
  std::iota(items.begin(), items.end(), 0);
  auto shuffled = items;
  rng.shuffle(shuffled);
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
}

}  // namespace
}  // namespace omma
