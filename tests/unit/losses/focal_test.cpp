#include "omma/losses/focal.h"

#include <gtest/gtest.h>

#include "tests/unit/losses/gradient_check.h"

namespace omma {
namespace {

TEST(FocalLoss, MatchesTheFormula) {
  const auto logits = torch::tensor({-2.0, 0.0, 3.0, -2.0, 0.5}, torch::kFloat64);
  const auto targets = torch::tensor({0.0, 1.0, 1.0, 1.0, 0.0}, torch::kFloat64);
  const auto loss = sigmoid_focal_loss(logits, targets, {.alpha = 0.3, .gamma = 1.5});
  for (int64_t i = 0; i < 5; ++i) {
    const bool positive = targets[i].item<double>() > 0.5;
    const double p = 1 / (1 + std::exp(-logits[i].item<double>())), right = positive ? p : 1 - p;
    EXPECT_NEAR(loss[i].item<double>(), -(positive ? 0.3 : 0.7) * std::pow(1 - right, 1.5) * std::log(right), 1e-12);
  }
}

TEST(FocalLoss, GradientMatchesFiniteDifferences) {
  torch::manual_seed(1);
  const auto logits = 3 * torch::randn({4, 7}, torch::kFloat64);
  const auto targets = torch::rand({4, 7}, torch::kFloat64).gt(0.6).to(torch::kFloat64);
  for (const double gamma : {2.0, 1.5})
    EXPECT_LT(
        testing::gradient_error([&](const auto& x) { return sigmoid_focal_loss(x, targets, {.gamma = gamma}).sum(); }, logits),
        1e-7);
}

TEST(FocalLoss, StaysFiniteAtExtremeLogits) {
  auto logits = torch::tensor({-200.F, 200.F, -200.F, 200.F}).requires_grad_(true);
  const auto loss = sigmoid_focal_loss(logits, torch::tensor({0.F, 0.F, 1.F, 1.F}));
  loss.sum().backward();
  EXPECT_TRUE(loss.isfinite().all().item<bool>());
  EXPECT_TRUE(logits.grad().isfinite().all().item<bool>());
}

TEST(FocalLoss, RejectsShapesThatDiffer) {
  EXPECT_THROW(sigmoid_focal_loss(torch::zeros({2, 3}), torch::zeros({3, 2})), std::invalid_argument);
}

}  // namespace
}  // namespace omma
