#include "omma/losses/dice.h"

#include <gtest/gtest.h>

#include "tests/unit/losses/gradient_check.h"

namespace omma {
namespace {

TEST(DiceLoss, MatchesTheFormula) {
  const auto logits = torch::tensor({{{-2.0, 0.5}, {3.0, 0.0}}, {{1.0, 1.0}, {-1.0, 4.0}}}, torch::kFloat64);
  const auto targets = torch::tensor({{{0.0, 1.0}, {1.0, 0.0}}, {{0.25, 0.0}, {0.0, 0.0}}}, torch::kFloat64);
  const auto loss = dice_loss(logits, targets);
  ASSERT_EQ(loss.sizes(), (std::vector<int64_t>{2}));
  for (int64_t i = 0; i < 2; ++i) {
    double shared = 0, all = 0;
    for (int64_t k = 0; k < 4; ++k) {
      const double p = 1 / (1 + std::exp(-logits[i].flatten()[k].item<double>())), t = targets[i].flatten()[k].item<double>();
      shared += p * t;
      all += p + t;
    }
    EXPECT_NEAR(loss[i].item<double>(), 1 - (2 * shared + 1) / (all + 1), 1e-12);
  }
}

TEST(DiceLoss, GradientMatchesFiniteDifferences) {
  torch::manual_seed(1);
  const auto logits = 3 * torch::randn({3, 4, 5}, torch::kFloat64), targets = torch::rand({3, 4, 5}, torch::kFloat64);
  EXPECT_LT(testing::gradient_error([&](const auto& x) { return dice_loss(x, targets).sum(); }, logits), 1e-7);
}

TEST(DiceLoss, NothingToFindAndNothingFoundIsRight) {
  EXPECT_NEAR(dice_loss(torch::full({1, 8, 8}, -50.F), torch::zeros({1, 8, 8})).item<float>(), 0, 1e-6);
}

TEST(DiceLoss, RejectsShapesThatDiffer) {
  EXPECT_THROW(dice_loss(torch::zeros({2, 3}), torch::zeros({3, 2})), std::invalid_argument);
}

}  // namespace
}  // namespace omma
