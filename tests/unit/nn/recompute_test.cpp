#include "omma/nn/recompute.h"

#include <gtest/gtest.h>

#include "omma/nn/autocast.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"

namespace omma {
namespace {

// Two layers with dropout between.
struct Block : torch::nn::Module {
  Block() {
    first = register_module("first", Linear(6, 8));
    second = register_module("second", Linear(8, 6));
  }
  Tensor operator()(const Tensor& x) {
    ++runs;
    return second(torch::dropout(torch::gelu(first(x)), .5, true));
  }
  Linear first = nullptr, second = nullptr;  // whose own kernels run where there are no gradients
  int runs = 0;
};

// Of the input and of all parameters.
std::vector<Tensor> gradients(Block& block, const Tensor& x, bool again, bool bf16) {
  block.zero_grad();
  torch::manual_seed(7);
  Tensor input = x.clone().requires_grad_();
  {
    const Autocast autocast(torch::kCPU, bf16);
    const Tensor y = again ? recomputed(block, [&](const Tensor& in) { return block(in); }, input) : block(input);
    (y.to(torch::kFloat32) * torch::arange(6)).sum().backward();
  }
  std::vector<Tensor> all = {input.grad(), torch::rand({3})};  // the random numbers behind it are the same, too
  for (const Tensor& parameter : block.parameters()) all.push_back(parameter.grad().clone());
  return all;
}

TEST(Recompute, GradientsAreThoseOfOneRunWithItsRandomNumbersAndPrecision) {
  torch::manual_seed(1);
  Block block;
  const Tensor x = torch::randn({40, 6});
  for (const bool bf16 : {false, true}) {
    const std::vector<Tensor> kept = gradients(block, x, false, bf16), again = gradients(block, x, true, bf16);
    ASSERT_EQ(kept.size(), again.size());
    for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_TRUE(torch::allclose(kept[i], again[i], 1e-5, 1e-6)) << i;
  }
}

TEST(Recompute, TheSecondRunIsForTheGradientAlone) {
  Block block;
  const auto run = [&] { return recomputed(block, [&](const Tensor& in) { return block(in); }, torch::ones({1, 6})); };
  {
    const torch::NoGradGuard no_grad;
    run();
  }
  EXPECT_EQ(block.runs, 1);
  const Tensor y = run();  // an input that needs no gradient does not stop the parameters'
  EXPECT_EQ(block.runs, 2);
  y.sum().backward();
  EXPECT_EQ(block.runs, 3);
  EXPECT_TRUE(block.first->weight.grad().defined());
}

TEST(Recompute, WhatIsFrozenGetsNoGradient) {
  Block block;
  block.first->weight.requires_grad_(false);
  recomputed(block, [&](const Tensor& in) { return block(in); }, torch::ones({1, 6})).sum().backward();
  EXPECT_FALSE(block.first->weight.grad().defined());
  EXPECT_TRUE(block.second->weight.grad().defined());
}

}  // namespace
}  // namespace omma
