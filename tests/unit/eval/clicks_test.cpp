#include "omma/eval/clicks.h"

#include <gtest/gtest.h>

#include <set>

#include "omma/vision/run_lengths.h"
#include "tests/unit/eval/drawn_masks.h"

namespace omma {
namespace {

using testing::rectangle_of;

void expect_click(const std::optional<PointPrompt>& click, float x, float y, bool foreground) {
  ASSERT_TRUE(click.has_value());
  EXPECT_EQ(click->x, x);
  EXPECT_EQ(click->y, y);
  EXPECT_EQ(click->foreground, foreground);
}

TEST(Clicks, TheFirstIsFarthestFromTheBoundary) {
  expect_click(first_click(rectangle_of(20, 20, {3, 4, 8, 9})), 5, 6, true);
  expect_click(first_click(rectangle_of(20, 20, {0, 0, 5, 5})), 2, 2, true);    // the picture's border is a boundary
  expect_click(first_click(rectangle_of(20, 20, {0, 0, 20, 20})), 9, 9, true);  // of four the first
  const std::array<RunLengths, 2> parts = {rectangle_of(20, 20, {1, 1, 4, 4}), rectangle_of(20, 20, {10, 10, 17, 17})};
  expect_click(first_click(union_of(parts)), 13, 13, true);
  EXPECT_FALSE(first_click(rectangle_of(20, 20, {})).has_value());
}

TEST(Clicks, TheNextIsInTheLargestRegionThatIsWrong) {
  const RunLengths truth = rectangle_of(20, 20, {0, 0, 10, 10});
  expect_click(next_click(truth, rectangle_of(20, 20, {0, 0, 5, 10})), 7, 2, true);     // missing: 5 x 10, and of equals the first
  expect_click(next_click(truth, rectangle_of(20, 20, {0, 0, 17, 10})), 13, 3, false);  // too much: 7 x 10
  expect_click(next_click(truth, rectangle_of(20, 20, {})), 4, 4, true);
  EXPECT_FALSE(next_click(truth, truth).has_value());
  // A strip of 9 pixels is larger than a square of 4, though less deep.
  const std::array<RunLengths, 2> strip_and_square = {rectangle_of(20, 20, {0, 15, 9, 16}), rectangle_of(20, 20, {15, 0, 17, 2})};
  const std::array<RunLengths, 3> found = {truth, strip_and_square[0], strip_and_square[1]};
  expect_click(next_click(truth, union_of(found)), 0, 15, false);
  // As much is missing as is too much: what is missing comes first.
  expect_click(next_click(truth, rectangle_of(20, 20, {1, 0, 11, 10})), 0, 0, true);
  EXPECT_THROW(next_click(truth, rectangle_of(19, 20, {})), std::invalid_argument);
}

TEST(Clicks, RandomOnesFallOnWhatIsWrong) {
  const RunLengths truth = rectangle_of(6, 6, {0, 0, 2, 2}), found = rectangle_of(6, 6, {1, 0, 3, 2});
  Rng rng(7);
  std::set<std::tuple<float, float, bool>> first, next;
  for (int i = 0; i < 200; ++i) {
    const PointPrompt a = random_click(truth, {}, rng).value(), b = random_click(truth, found, rng).value();
    first.insert({a.x, a.y, a.foreground});
    next.insert({b.x, b.y, b.foreground});
  }
  EXPECT_EQ(first, (std::set<std::tuple<float, float, bool>>{{0, 0, true}, {0, 1, true}, {1, 0, true}, {1, 1, true}}));
  EXPECT_EQ(next, (std::set<std::tuple<float, float, bool>>{{0, 0, true}, {0, 1, true}, {2, 0, false}, {2, 1, false}}));
  EXPECT_FALSE(random_click(truth, truth, rng).has_value());
}

}  // namespace
}  // namespace omma
