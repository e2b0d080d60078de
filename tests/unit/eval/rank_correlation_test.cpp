// Against scipy.stats.spearmanr's figures.
#include "omma/eval/rank_correlation.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

std::optional<double> rho(const std::vector<double>& a, const std::vector<double>& b) { return rank_correlation(a, b); }

TEST(RankCorrelation, IsSpearmansRho) {
  EXPECT_NEAR(rho({1, 2, 3, 4}, {10, 20, 30, 100}).value(), 1, 1e-12);
  EXPECT_NEAR(rho({1, 2, 3, 4}, {4, 3, 2, -1}).value(), -1, 1e-12);
  EXPECT_NEAR(rho({3, 1, 4, 1, 5}, {2, 7, 1, 8, 2}).value(), -0.7894736842105263, 1e-12);
}

TEST(RankCorrelation, AConstantOrdersNothing) {
  EXPECT_FALSE(rho({1, 1, 1}, {1, 2, 3}).has_value());
  EXPECT_FALSE(rho({2}, {3}).has_value());
  EXPECT_FALSE(rho({}, {}).has_value());
  EXPECT_NE(testing::invalid_argument_of([] { rho({1, 2}, {1}); }).find("one length"), std::string::npos);
}

}  // namespace
}  // namespace omma
