#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "omma/nn/deformable_attention.h"
#include "omma/nn/deformable_attention_cpu.h"
#include "tests/unit/deformable/problem.h"

namespace omma {
namespace {

using deformable_test::all_sizes;
using deformable_test::distance;
using deformable_test::Problem;
using deformable_test::supported_isas;

using Attention = Tensor (*)(const Tensor&, const LevelShapes&, const Tensor&, const Tensor&);

Tensor direction(const Problem& problem, at::ScalarType type) {
  torch::manual_seed(99);
  return torch::randn({problem.value.size(0), problem.locations.size(1), problem.value.size(2) * problem.value.size(3)}, type);
}

// Gradients of <output, direction> by autograd.
DeformableGradients gradients(Attention attention, const Problem& problem) {
  Problem leaves = problem;
  for (auto* x : {&leaves.value, &leaves.locations, &leaves.weights}) *x = x->detach().clone().requires_grad_();
  const auto output = attention(leaves.value, leaves.levels, leaves.locations, leaves.weights);
  output.backward(direction(problem, output.scalar_type()));
  return {leaves.value.grad(), leaves.locations.grad(), leaves.weights.grad()};
}

TEST(DeformableGradient, EqualsTheReferenceAtEveryInstructionSet) {
  for (const auto& sizes : all_sizes()) {
    const Problem problem(sizes);
    const auto expected = gradients(deformable_attention_reference, problem.to(at::kDouble));
    for (const Isa isa : supported_isas()) {
      const auto grad_output = direction(problem, at::kDouble).to(at::kFloat);
      const auto found =
          deformable_backward_cpu(grad_output, problem.value, problem.levels, problem.locations, problem.weights, isa);
      EXPECT_LT(distance(found.value, expected.value), 1e-5) << "isa " << int(isa);
      EXPECT_LT(distance(found.weights, expected.weights), 1e-4) << "isa " << int(isa);
      EXPECT_LT(distance(found.locations, expected.locations), 1e-3) << "isa " << int(isa);  // scaled by a map's extent
    }
  }
}

TEST(DeformableGradient, OfHalfPrecisionIsRoundedOnce) {
  for (const auto& sizes : all_sizes()) {
    Problem problem(sizes);
    problem.value = problem.value.to(at::kBFloat16);
    const auto grad = direction(problem, at::kFloat).to(at::kBFloat16);
    for (const Isa isa : supported_isas()) {
      const auto found = deformable_backward_cpu(grad, problem.value, problem.levels, problem.locations, problem.weights, isa);
      const auto expected = deformable_backward_cpu(grad.to(at::kFloat), problem.value.to(at::kFloat), problem.levels,
                                                    problem.locations, problem.weights, isa);
      EXPECT_TRUE(torch::equal(found.value, expected.value.to(at::kBFloat16))) << "isa " << int(isa);
      EXPECT_TRUE(torch::equal(found.locations, expected.locations)) << "isa " << int(isa);
      EXPECT_TRUE(torch::equal(found.weights, expected.weights)) << "isa " << int(isa);
    }
  }
}

// Central differences of <output, direction> in one input of a problem in double precision.
Tensor differences(Attention attention, Problem problem, Tensor Problem::* input) {
  constexpr double step = 1e-6;
  const auto along = direction(problem, at::kDouble);
  const auto evaluate = [&] {
    return (attention(problem.value, problem.levels, problem.locations, problem.weights) * along).sum();
  };
  auto& x = problem.*input;
  x = x.clone();
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

class GradientTest : public testing::TestWithParam<std::pair<const char*, Attention>> {};

TEST_P(GradientTest, EqualsFiniteDifferences) {
  const Attention attention = GetParam().second;
  const Problem problem({.batch = 2, .queries = 3, .heads = 2, .channels = 3, .points = 2, .levels = {{4, 3}, {1, 2}}},
                        at::kDouble);
  const auto found = gradients(attention, problem);
  EXPECT_LT(distance(found.value, differences(attention, problem, &Problem::value)), 1e-7);
  EXPECT_LT(distance(found.locations, differences(attention, problem, &Problem::locations)), 1e-6);
  EXPECT_LT(distance(found.weights, differences(attention, problem, &Problem::weights)), 1e-7);
}

INSTANTIATE_TEST_SUITE_P(Both, GradientTest,
                         testing::Values(std::pair<const char*, Attention>("kernel", deformable_attention),
                                         std::pair<const char*, Attention>("reference", deformable_attention_reference)),
                         [](const auto& test) { return test.param.first; });

TEST(DeformableGradient, IsBitForBitTheSameOnAnyNumberOfThreads) {
  const Problem problem({.batch = 2, .queries = 211, .heads = 4, .channels = 24});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = gradients(deformable_attention, problem);
  for (const int count : {1, 2, 2}) {
    at::set_num_threads(count);
    const auto again = gradients(deformable_attention, problem);
    EXPECT_TRUE(torch::equal(again.value, alone.value));
    EXPECT_TRUE(torch::equal(again.locations, alone.locations));
    EXPECT_TRUE(torch::equal(again.weights, alone.weights));
  }
  at::set_num_threads(threads);
}

TEST(DeformableGradient, ReachesInputsOfOtherTypes) {
  Problem problem({});
  problem.value = problem.value.to(at::kHalf).requires_grad_();
  problem.locations = problem.locations.to(at::kBFloat16).requires_grad_();
  problem.weights = problem.weights.requires_grad_();
  deformable_attention(problem.value, problem.levels, problem.locations, problem.weights).sum().backward();
  EXPECT_EQ(problem.value.grad().scalar_type(), at::kHalf);
  EXPECT_EQ(problem.locations.grad().scalar_type(), at::kBFloat16);
  EXPECT_EQ(problem.weights.grad().scalar_type(), at::kFloat);
}

TEST(DeformableGradient, OfHostileLocationsIsZero) {
  Problem problem({});
  problem.locations.fill_(std::numeric_limits<float>::quiet_NaN());
  const auto found = gradients(deformable_attention, problem);
  for (const auto& gradient : {found.value, found.locations, found.weights}) EXPECT_EQ(gradient.abs().max().item<float>(), 0);
}

TEST(DeformableGradient, OfNoQueriesIsZero) {
  const auto found = gradients(deformable_attention, Problem({.queries = 0}));
  EXPECT_EQ(found.value.abs().max().item<float>(), 0);
  EXPECT_EQ(found.locations.numel(), 0);
}

}  // namespace
}  // namespace omma
