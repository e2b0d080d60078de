#include "omma/nn/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

double error_of(const std::vector<float>& values, Int8Range range) {
  double sum = 0;
  for (const float value : values) {
    const double q = std::clamp(std::nearbyint(double{value} / range.scale) + range.zero_point, -128.0, 127.0);
    sum += std::pow(std::abs((q - range.zero_point) * range.scale - value), 3);
  }
  return sum;
}

std::vector<float> normal_values(int count) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(1, 2);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

// Among ranges that a search in the numbers themselves would try, it is within a few percent of the best.
TEST(ValueHistogram, FindsTheRangeOfTheLeastError) {
  auto values = normal_values(100'000);
  for (int i = 0; i < 3; ++i) values.push_back(400);  // rare outliers
  ValueHistogram histogram;
  histogram.add(values);
  const double found = error_of(values, histogram.best_range());
  double best = std::numeric_limits<double>::infinity();
  for (double low = -8; low < -2; low += 0.5)
    for (double high = 4; high <= 400; high *= 1.1) {
      const auto scale = static_cast<float>((high - low) / 255);
      best = std::min(best, error_of(values, {.scale = scale, .zero_point = static_cast<int>(std::lround(-128 - low / scale))}));
    }
  EXPECT_LT(found, 1.1 * best);
}

TEST(ValueHistogram, HoldsZeroInEveryRange) {
  const auto range_of = [](std::vector<float> values) {
    ValueHistogram histogram;
    histogram.add(values);
    return histogram.best_range();
  };
  EXPECT_EQ(range_of({5, 6, 7}).zero_point, -128);
  EXPECT_EQ(range_of({-5, -6, -7}).zero_point, 127);
  EXPECT_NEAR(range_of({5, 6, 7}).scale, 7.0 / 255, 0.1 * 7 / 255);
  EXPECT_EQ(range_of({0, 0}).scale, 1);
  EXPECT_EQ(range_of({std::nanf(""), INFINITY, 0}).scale, 1);
}

struct PairImpl : torch::nn::Module {
  explicit PairImpl(bool int8)
      : first(register_module("first", QuantizableLinear(torch::nn::LinearOptions(8, 16), int8))),
        second(register_module("second", QuantizableLinear(torch::nn::LinearOptions(16, 4), int8))),
        kept(register_module("kept", Linear(4, 4))) {}
  Tensor forward(const Tensor& x) { return kept(feed_forward(x, first, second, activation_by_name("relu"))); }
  QuantizableLinear first, second;
  Linear kept;
};
TORCH_MODULE(Pair);

TEST(Calibration, GivesTheModelItsWeightsRoundedForWhatItSaw) {
  torch::manual_seed(1);
  Pair from(false), to(true);
  const torch::NoGradGuard no_grad;
  const Tensor x = 3 * torch::randn({64, 8});
  {
    Calibration calibration(*from, *to);
    for (const Tensor& part : x.chunk(4)) from(part);
    calibration.quantize();
  }
  EXPECT_FALSE(from->first->watch);
  const Tensor expected = from(x);
  EXPECT_LT((to(x) - expected).abs().max().item<float>(), 0.05F * expected.abs().max().item<float>());
  EXPECT_TRUE(to->kept->weight.equal(from->kept->weight));
  EXPECT_EQ(to->named_buffers()["second.input_zero_point"].item<int>(), -128);  // behind a relu
}

TEST(Calibration, NamesALayerThatSawNothing) {
  Pair from(false), to(true);
  Calibration calibration(*from, *to);
  from->first(torch::zeros({1, 8}));
  EXPECT_EQ(testing::invalid_argument_of([&] { calibration.quantize(); }), "calibration: \"second\" got no input");
}

}  // namespace
}  // namespace omma
