#include "omma/losses/box_loss.h"

#include <gtest/gtest.h>

#include "tests/unit/losses/gradient_check.h"

namespace omma {
namespace {

torch::Tensor random_boxes(int64_t count) {
  const auto low = torch::rand({count, 2}, torch::kFloat64) * 0.6;
  return torch::cat({low, low + 0.05 + 0.35 * torch::rand({count, 2}, torch::kFloat64)}, -1);
}

TEST(GeneralizedIou, KnownPairs) {
  const auto a = torch::tensor({{0., 0., 2., 2.}, {0., 0., 1., 1.}, {0., 0., 1., 1.}}, torch::kFloat64);
  const auto b = torch::tensor({{1., 1., 3., 3.}, {0., 0., 1., 1.}, {2., 0., 3., 1.}}, torch::kFloat64);
  const auto value = generalized_iou(a, b);
  EXPECT_NEAR(value[0].item<double>(), 1. / 7 - 2. / 9, 1e-9);  // hull 9, union 7
  EXPECT_NEAR(value[1].item<double>(), 1, 1e-9);
  EXPECT_NEAR(value[2].item<double>(), -1. / 3, 1e-9);  // apart: hull 3, union 2
}

TEST(GeneralizedIou, GradientMatchesFiniteDifferences) {
  torch::manual_seed(2);
  const auto target = random_boxes(12);
  EXPECT_LT(testing::gradient_error([&](const auto& x) { return (1 - generalized_iou(x, target)).sum(); }, random_boxes(12)), 1e-6);
  const auto centred = centred_of_corners(random_boxes(12));
  EXPECT_LT(
      testing::gradient_error([&](const auto& x) { return (1 - generalized_iou(corners_of_centred(x), target)).sum(); }, centred),
      1e-6);
}

TEST(GeneralizedIou, DegenerateBoxesStayFinite) {
  auto degenerate = torch::tensor({{.5F, .5F, .5F, .5F}, {.2F, .2F, .2F, .9F}, {.7F, .7F, .3F, .3F}, {0.F, 0.F, 0.F, 0.F}});
  degenerate.requires_grad_(true);
  for (const auto& other : {torch::tensor({.1F, .1F, .6F, .6F}), torch::tensor({.5F, .5F, .5F, .5F})}) {
    const auto value = generalized_iou(degenerate, other);
    value.sum().backward();
    EXPECT_TRUE(value.isfinite().all().item<bool>());
    EXPECT_TRUE(degenerate.grad().isfinite().all().item<bool>());
    EXPECT_TRUE(value.le(1).logical_and(value.ge(-1)).all().item<bool>());
  }
}

TEST(BoxForms, RoundTrip) {
  torch::manual_seed(3);
  const auto boxes = random_boxes(20);
  EXPECT_TRUE(torch::allclose(corners_of_centred(centred_of_corners(boxes)), boxes, 0, 1e-12));
}

}  // namespace
}  // namespace omma
