#include "omma/vision/boxes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace omma {
namespace {

TEST(Boxes, IntersectionOverUnion) {
  const Box a{0, 0, 10, 10};
  EXPECT_FLOAT_EQ(intersection_over_union(a, a), 1);
  EXPECT_FLOAT_EQ(intersection_over_union(a, {5, 0, 15, 10}), 1.F / 3);
  EXPECT_FLOAT_EQ(intersection_over_union(a, {10, 0, 20, 10}), 0);  // only an edge is shared
}

TEST(Boxes, EmptyAndReversedBoxesHaveNoArea) {
  EXPECT_EQ(intersection_over_union({3, 3, 3, 3}, {3, 3, 3, 3}), 0);
  EXPECT_EQ(intersection_over_union({10, 10, 0, 0}, {0, 0, 10, 10}), 0);
}

TEST(NonMaximumSuppression, KeepsTheBestOfOverlappingBoxes) {
  const std::vector<Box> boxes = {{0, 0, 10, 10}, {1, 0, 11, 10}, {20, 20, 30, 30}};
  EXPECT_EQ(non_maximum_suppression(boxes, std::vector<float>{0.5F, 0.9F, 0.7F}, 0.5F), (std::vector<int>{1, 2}));
}

TEST(NonMaximumSuppression, ThresholdIsExclusiveAndTiesGoToTheLowerIndex) {
  const std::vector<Box> boxes = {{0, 0, 10, 10}, {0, 0, 10, 5}, {0, 0, 10, 10}};
  const std::vector<float> scores = {0.5F, 0.5F, 0.5F};
  EXPECT_EQ(non_maximum_suppression(boxes, scores, 0.5F), (std::vector<int>{0, 1}));  // IoU of exactly 0.5 stays
  EXPECT_EQ(non_maximum_suppression(boxes, scores, 1.0F), (std::vector<int>{0, 1, 2}));
}

TEST(NonMaximumSuppression, ASuppressedBoxSuppressesNone) {
  const std::vector<Box> chain = {{0, 0, 10, 10}, {4, 0, 14, 10}, {8, 0, 18, 10}};
  EXPECT_EQ(non_maximum_suppression(chain, std::vector<float>{0.9F, 0.8F, 0.7F}, 0.3F), (std::vector<int>{0, 2}));
}

TEST(NonMaximumSuppression, RejectsWhatItCannotOrder) {
  const std::vector<Box> boxes(2);
  EXPECT_TRUE(non_maximum_suppression({}, {}, 0.5F).empty());
  EXPECT_THROW(non_maximum_suppression(boxes, std::vector<float>{1}, 0.5F), std::invalid_argument);
  EXPECT_THROW(non_maximum_suppression(boxes, std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}, 0.5F),
               std::invalid_argument);
}

}  // namespace
}  // namespace omma
