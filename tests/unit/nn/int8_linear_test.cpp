#include "omma/nn/int8_linear.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "omma/nn/weights.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

struct Layers {
  Linear floating = nullptr;
  QuantizableLinear int8 = nullptr;
  Int8Range range;
};

Layers layers_of(int64_t in, int64_t out, bool bias = true, Int8Range range = {.scale = 0.03F, .zero_point = -17}) {
  torch::manual_seed(5);
  const auto options = torch::nn::LinearOptions(in, out).bias(bias);
  Layers layers{.floating = Linear(options), .int8 = QuantizableLinear(options, true), .range = range};
  const torch::NoGradGuard no_grad;
  layers.floating->weight.mul_(torch::arange(1, out + 1).unsqueeze(1));  // so that each channel has another scale
  layers.int8->quantize(*layers.floating, range);
  return layers;
}

// The definition, in whole numbers.
Tensor by_definition(Layers& layers, const Tensor& x) {
  const auto [scale, zero] = layers.range;
  const Tensor q = ((x.to(torch::kFloat64) / scale).round() + zero).clamp(-128, 127);
  const Tensor weight = layers.floating->weight.to(torch::kFloat64);
  const Tensor scales = (weight.abs().amax(1, true) / 127).to(torch::kFloat32).to(torch::kFloat64);
  const Tensor sums = torch::matmul(q - zero, (weight / scales).round().t());  // exact: whole numbers below 2^53
  const Tensor y = sums * scales.t() * static_cast<double>(scale);
  return layers.floating->bias.defined() ? y + layers.floating->bias : y;
}

double largest(const Tensor& x) { return x.abs().max().item<double>(); }

// Of odd sizes, one row, and ranges that cut off; without the product the weight alone is rounded.
TEST(Int8Linear, IsTheSumOfWholeNumbers) {
  if (!has_int8_product()) GTEST_SKIP() << "no AVX-512 VNNI";
  const c10::InferenceMode inference;
  for (const auto& [rows, in, out] : std::vector<std::array<int64_t, 3>>{{1, 1, 1}, {1, 64, 8}, {7, 33, 5}, {130, 768, 96}})
    for (const Int8Range range : {Int8Range{0.03F, -17}, Int8Range{0.01F, 0}, Int8Range{0.05F, -128}, Int8Range{0.05F, 127}}) {
      Layers layers = layers_of(in, out, rows % 2 == 1, range);
      const Tensor steps = torch::randint(-140, 140, {rows, in}) + 0.8 * (torch::rand({rows, in}) - 0.5);  // none near a tie
      const Tensor x = range.scale * steps;
      const Tensor expected = by_definition(layers, x);
      EXPECT_LT(largest(layers.int8->forward(x) - expected), 1e-5 * (1 + largest(expected))) << rows << " x " << in << " x " << out;
    }
}

TEST(Int8Linear, IsNearTheLayerThatItStandsFor) {
  Layers layers = layers_of(96, 40, true, {.scale = 8.0F / 255, .zero_point = 0});
  const Tensor x = torch::randn({3, 20, 96});
  const torch::NoGradGuard no_grad;
  const Tensor expected = layers.floating(x);
  EXPECT_LT(largest(layers.int8->forward(x) - expected), 0.02 * largest(expected));
  const Activation gelu = activation_by_name("gelu");
  EXPECT_LT(largest(layers.int8->forward_with(x, gelu) - gelu(expected)), 0.02 * largest(expected));
  EXPECT_EQ(layers.int8->forward(x).sizes(), expected.sizes());
  EXPECT_EQ(layers.int8->forward(torch::zeros({0, 96})).sizes(), (std::vector<int64_t>{0, 40}));
}

// What runs where there is no product: the same but for the inputs' rounding.
TEST(Int8Linear, WithoutTheProductItsWeightBecomesNumbers) {
  Layers layers = layers_of(33, 12);
  const Tensor x = (torch::randn({5, 33}) / 0.03F).round().clamp(-100, 100) * 0.03F;  // numbers that need no rounding
  const Tensor expected = by_definition(layers, x).to(torch::kFloat32);
  Tensor without;
  {
    const torch::NoGradGuard no_grad;
    at::globalContext().setUserEnabledMkldnn(false);
    without = layers.int8->forward(x);
    at::globalContext().setUserEnabledMkldnn(true);
  }
  EXPECT_LT(largest(without - expected), 1e-4 * largest(expected));
  EXPECT_LT(largest(layers.int8->forward(x).detach() - expected), 1e-4 * largest(expected));  // with gradients
}

TEST(Int8Linear, KeepsItsNumbersInEveryTypeAndAnswersInTheInputs) {
  Layers layers = layers_of(64, 16);
  const torch::NoGradGuard no_grad;
  const Tensor x = torch::randn({9, 64});
  const Tensor exact = layers.int8->forward(x);
  layers.int8->to(torch::kBFloat16);
  EXPECT_EQ(layers.int8->weight.scalar_type(), torch::kInt8);
  EXPECT_EQ(layers.int8->bias.scalar_type(), torch::kFloat32);
  for (const auto dtype : {torch::kBFloat16, torch::kFloat16, torch::kFloat32}) {
    const Tensor y = layers.int8->forward(x.to(dtype));
    EXPECT_EQ(y.scalar_type(), dtype);
    EXPECT_LT(largest(y.to(torch::kFloat32) - exact), 0.02 * largest(exact));
  }
}

TEST(Int8Linear, InputsOfAnotherWidthAreRefused) {
  Layers layers = layers_of(24, 10);
  const torch::NoGradGuard no_grad;
  for (const char* name : {"gelu", "relu"}) {
    const Activation activation = activation_by_name(name);
    const auto told = testing::invalid_argument_of([&] { layers.int8->forward_with(torch::zeros({2, 12}), activation); });
    EXPECT_EQ(told, "int8 linear: expected [..., 24], got [2, 12]");
  }
  EXPECT_EQ(testing::invalid_argument_of([&] { layers.int8->forward(torch::zeros({2, 12})); }),
            "int8 linear: expected [..., 24], got [2, 12]");
}

TEST(Int8Linear, ComesBackFromAFile) {
  const testing::TemporaryDirectory directory;
  Layers layers = layers_of(24, 10);
  save_weights(directory / "w.safetensors", *layers.int8);
  const TensorFile file = read_safetensors(directory / "w.safetensors");
  EXPECT_EQ(file.find("weight")->dtype, DType::i8);
  EXPECT_EQ(file.find("weight_scale")->shape, (std::vector<int64_t>{10, 1}));
  EXPECT_EQ(file.find("input_zero_point")->dtype, DType::i8);
  QuantizableLinearImpl loaded(torch::nn::LinearOptions(24, 10), true);
  load_weights(loaded, file, {}, "w");
  const torch::NoGradGuard no_grad;
  const Tensor x = torch::randn({4, 24});
  EXPECT_TRUE(loaded.forward(x).equal(layers.int8->forward(x)));

  loaded.named_buffers()["input_scale"].fill_(0);
  QuantizableLinearImpl broken(torch::nn::LinearOptions(24, 10), true);
  save_weights(directory / "w.safetensors", loaded);
  load_weights(broken, read_safetensors(directory / "w.safetensors"), {}, "w");
  EXPECT_EQ(testing::invalid_argument_of([&] { broken.forward(x); }), "int8 linear: expected scales above 0, got 0");
}

}  // namespace
}  // namespace omma
