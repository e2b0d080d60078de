#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <limits>

#include "omma/nn/deformable_convolution.h"
#include "omma/nn/deformable_convolution_cpu.h"
#include "tests/unit/deformable/convolution_problem.h"
#include "tests/unit/deformable/problem.h"

namespace omma {
namespace {

using deformable_test::ConvolutionProblem;
using deformable_test::ConvolutionSizes;
using deformable_test::distance;
using deformable_test::relative_distance;
using deformable_test::supported_isas;

using Convolution = Tensor (*)(const Tensor&, const Tensor&, const Tensor&, const DeformableFilter&);

Tensor direction_of(const Tensor& output) {
  torch::manual_seed(99);
  return torch::randn(output.sizes(), at::kDouble).to(output.scalar_type());
}

// Gradients of <output, direction> in the problem's tensors, in their order.
std::vector<Tensor> gradients(Convolution convolution, const ConvolutionProblem& problem) {
  ConvolutionProblem leaves = problem;
  for (auto* x : leaves.tensors()) *x = x->detach().clone().requires_grad_();
  const auto output = convolution(leaves.input, leaves.offsets, leaves.mask, leaves.filter);
  output.backward(direction_of(output));
  std::vector<Tensor> found;
  for (const auto* x : leaves.tensors()) found.push_back(x->grad());
  return found;
}

TEST(DeformableConvolutionGradient, EqualsTheReferenceAtEveryInstructionSet) {
  for (const auto& sizes : deformable_test::convolution_sizes()) {
    const ConvolutionProblem problem(sizes);
    const auto expected = gradients(deformable_convolution_reference, problem.to(at::kDouble));
    const auto& filter = problem.filter;
    const auto output = deformable_convolution(problem.input, problem.offsets, problem.mask, filter);
    for (const Isa isa : supported_isas()) {
      const auto found = deformable_convolution_backward_cpu(
          direction_of(output.to(at::kDouble)).to(at::kFloat),
          {problem.input.permute({0, 2, 3, 1}).contiguous(), problem.offsets, problem.mask,
           filter.weight.permute({0, 2, 3, 1}).contiguous(), filter.stride, filter.padding, filter.dilation},
          isa);
      EXPECT_LT(relative_distance(found.maps.permute({0, 3, 1, 2}), expected[0]), 1e-5)
          << "isa " << int(isa) << ", C " << sizes.channels;
      EXPECT_LT(relative_distance(found.offsets, expected[1]), 3e-5) << "isa " << int(isa) << ", C " << sizes.channels;
      EXPECT_LT(relative_distance(found.mask, expected[2]), 1e-5) << "isa " << int(isa) << ", C " << sizes.channels;
      EXPECT_LT(relative_distance(found.filter.permute({0, 3, 1, 2}), expected[3]), 1e-5)
          << "isa " << int(isa) << ", C " << sizes.channels;
    }
    const auto found = gradients(deformable_convolution, problem);
    EXPECT_LT(relative_distance(found[4], expected[4]), 1e-5);
  }
}

// Central differences of <output, direction> in one tensor of a problem in double precision.
Tensor differences(Convolution convolution, ConvolutionProblem problem, size_t which) {
  constexpr double step = 1e-6;
  auto& x = *problem.tensors()[which];
  x = x.clone();
  const auto evaluate = [&] {
    const auto output = convolution(problem.input, problem.offsets, problem.mask, problem.filter);
    return (output * direction_of(output)).sum();
  };
  const auto elements = x.view(-1);
  auto slopes = torch::empty_like(elements);
  for (int64_t i = 0; i < elements.numel(); ++i) {
    const double at = elements[i].item<double>();
    elements[i] = at + step;
    const auto above = evaluate();
    elements[i] = at - step;
    slopes[i] = (above - evaluate()) / (2 * step);
    elements[i] = at;
  }
  return slopes.view_as(x);
}

class ConvolutionGradientTest : public testing::TestWithParam<std::pair<const char*, Convolution>> {};

TEST_P(ConvolutionGradientTest, EqualsFiniteDifferences) {
  const Convolution convolution = GetParam().second;
  for (const ConvolutionSizes& sizes :
       {ConvolutionSizes{.batch = 2, .channels = 2, .height = 3, .width = 2, .outputs = 2, .kernel_width = 1},
        ConvolutionSizes{
            .batch = 1, .channels = 3, .height = 5, .width = 3, .kernel_height = 2, .stride = 3, .padding = 2, .dilation = 2}}) {
    const ConvolutionProblem problem(sizes, at::kDouble);
    const auto found = gradients(convolution, problem);
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_LT(distance(found[i], differences(convolution, problem, i)), 1e-7) << "tensor " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Both, ConvolutionGradientTest,
                         testing::Values(std::pair<const char*, Convolution>("kernel", deformable_convolution),
                                         std::pair<const char*, Convolution>("reference", deformable_convolution_reference)),
                         [](const auto& test) { return test.param.first; });

// At initialisation every offset is zero: a place on a pixel has the slope to the next one, on the last row and column as well, and
// a pixel outside none.
TEST(DeformableConvolutionGradient, OnPixelsIsTheSlopeToTheNext) {
  ConvolutionProblem problem({.channels = 3, .height = 4, .width = 5}, at::kDouble);
  for (const double whole : {0.0, 1.0, -2.0}) {
    problem.offsets.fill_(whole);
    const auto found = gradients(deformable_convolution, problem), expected = gradients(deformable_convolution_reference, problem);
    for (size_t i = 0; i < found.size(); ++i) EXPECT_LT(distance(found[i], expected[i]), 1e-12) << "tensor " << i;
    EXPECT_GT(expected[1].abs().max().item<double>(), 0.01);
  }
  const auto map = torch::tensor({1.0, 2.0, 4.0}, at::kDouble).view({1, 1, 3, 1});
  auto offsets = torch::zeros({1, 2, 3, 1}, at::kDouble).requires_grad_();
  const auto one = torch::ones({1, 1, 3, 1}, at::kDouble);
  const DeformableFilter filter = {.weight = torch::ones({1, 1, 1, 1}, at::kDouble), .bias = {}};
  deformable_convolution(map, offsets, one, filter).sum().backward();
  EXPECT_TRUE(torch::equal(offsets.grad().select(1, 0).flatten(), torch::tensor({1.0, 2.0, -4.0}, at::kDouble)));
  offsets = torch::full({1, 2, 3, 1}, -1.0, at::kDouble);
  offsets[0][1].fill_(0);
  offsets.requires_grad_();
  deformable_convolution(map, offsets, one, filter).sum().backward();  // the first at -1: beyond by a pixel
  EXPECT_TRUE(torch::equal(offsets.grad().select(1, 0).flatten(), torch::tensor({0.0, 1.0, 2.0}, at::kDouble)));
}

TEST(DeformableConvolutionGradient, IsBitForBitTheSameOnAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  for (const ConvolutionSizes& sizes :
       {ConvolutionSizes{.batch = 1, .channels = 96, .height = 23, .width = 31, .outputs = 64},
        ConvolutionSizes{.batch = 1, .channels = 16, .height = 23, .width = 31, .outputs = 64},  // a single slice
        ConvolutionSizes{.batch = 3, .channels = 40, .height = 9, .width = 31, .outputs = 7}}) {
    const ConvolutionProblem problem(sizes);
    at::set_num_threads(1);
    const auto alone = gradients(deformable_convolution, problem);
    for (const int count : {1, 2, 3}) {
      at::set_num_threads(count);
      const auto again = gradients(deformable_convolution, problem);
      for (size_t i = 0; i < again.size(); ++i)
        EXPECT_TRUE(torch::equal(again[i], alone[i])) << count << " threads, tensor " << i << ", C " << sizes.channels;
    }
  }
  at::set_num_threads(threads);
}

TEST(DeformableConvolutionGradient, ReachesInputsOfOtherTypes) {
  ConvolutionProblem problem({});
  problem.input = problem.input.to(at::kHalf).requires_grad_();
  problem.offsets = problem.offsets.to(at::kBFloat16).requires_grad_();
  problem.mask = problem.mask.requires_grad_();
  problem.filter.bias = problem.filter.bias.to(at::kBFloat16).requires_grad_();
  deformable_convolution(problem.input, problem.offsets, problem.mask, problem.filter).sum().backward();
  EXPECT_EQ(problem.input.grad().scalar_type(), at::kHalf);
  EXPECT_EQ(problem.offsets.grad().scalar_type(), at::kBFloat16);
  EXPECT_EQ(problem.mask.grad().scalar_type(), at::kFloat);
  EXPECT_EQ(problem.filter.bias.grad().scalar_type(), at::kBFloat16);
  EXPECT_FALSE(problem.filter.weight.grad().defined());
}

TEST(DeformableConvolutionGradient, OfHostileOffsetsIsZero) {
  for (const double hostile : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1e30}) {
    ConvolutionProblem problem({});
    problem.offsets.fill_(hostile);
    for (const auto convolution : {deformable_convolution, deformable_convolution_reference}) {
      const auto found = gradients(convolution, problem);
      for (const size_t i : {0, 1, 2, 3}) EXPECT_EQ(found[i].abs().max().item<float>(), 0) << hostile << ", tensor " << i;
    }
  }
}

TEST(DeformableConvolutionGradient, OfNoImagesIsZero) {
  const auto found = gradients(deformable_convolution, ConvolutionProblem({.batch = 0}));
  EXPECT_EQ(found[3].abs().max().item<float>(), 0);
  EXPECT_EQ(found[1].numel(), 0);
}

}  // namespace
}  // namespace omma
