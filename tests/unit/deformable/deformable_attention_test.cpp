#include "omma/nn/deformable_attention.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "omma/nn/deformable_attention_cpu.h"
#include "tests/unit/deformable/problem.h"

namespace omma {
namespace {

using deformable_test::all_sizes;
using deformable_test::distance;
using deformable_test::Problem;
using deformable_test::supported_isas;

Tensor run(const Problem& problem) {
  return deformable_attention(problem.value, problem.levels, problem.locations, problem.weights);
}

Tensor reference(const Problem& problem) {
  return deformable_attention_reference(problem.value, problem.levels, problem.locations, problem.weights);
}

TEST(DeformableAttention, EqualsTheReferenceAtEveryInstructionSet) {
  for (const auto& sizes : all_sizes()) {
    const Problem problem(sizes);
    for (const Isa isa : supported_isas()) {
      const auto found = deformable_forward_cpu(problem.value, problem.levels, problem.locations, problem.weights, isa);
      EXPECT_LT(distance(found, reference(problem)), 1e-5) << "isa " << int(isa) << ", D " << sizes.channels;
    }
  }
}

TEST(DeformableAttention, SumsHalfPrecisionInSingle) {
  for (const auto& sizes : all_sizes()) {
    const Problem problem(sizes);
    auto half = problem;
    half.value = problem.value.to(at::kBFloat16);
    for (const Isa isa : supported_isas()) {
      const auto found = deformable_forward_cpu(half.value, half.levels, half.locations, half.weights, isa);
      EXPECT_TRUE(torch::equal(found, reference(half)) || distance(found, reference(half)) < 8e-3) << "isa " << int(isa);
      const auto exact = deformable_forward_cpu(half.value.to(at::kFloat), half.levels, half.locations, half.weights, isa);
      EXPECT_TRUE(torch::equal(found, exact.to(at::kBFloat16))) << "rounded once, to nearest even; isa " << int(isa);
    }
  }
}

TEST(DeformableAttention, KeepsTheTypeOfTheValue) {
  const Problem problem({});
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf}) {
    const auto found = run(problem.to(type));
    EXPECT_EQ(found.scalar_type(), type);
    EXPECT_LT(distance(found, reference(problem)), type == at::kFloat || type == at::kDouble ? 1e-5 : 5e-2);
  }
}

TEST(DeformableAttention, ReadsAViewOfAWiderProjection) {
  const Problem problem({.batch = 2, .heads = 4, .channels = 8});
  const auto wide = torch::randn({2, problem.value.size(1), 3 * 32});
  auto sliced = problem;
  sliced.value = wide.narrow(2, 32, 32).view({2, -1, 4, 8});
  auto copied = sliced;
  copied.value = sliced.value.contiguous();
  EXPECT_TRUE(torch::equal(run(sliced), run(copied)));
  auto transposed = sliced;
  transposed.value = copied.value.transpose(2, 3).contiguous().transpose(2, 3);  // channels apart
  EXPECT_TRUE(torch::equal(run(transposed), run(copied)));
}

TEST(DeformableAttention, TakesNoQueries) {
  const Problem problem({.queries = 0});
  const auto found = run(problem);
  EXPECT_EQ(found.sizes(), (std::vector<int64_t>{2, 0, 15}));
}

TEST(DeformableAttention, IsTheSameOnAnyNumberOfThreads) {
  const Problem problem({.batch = 2, .queries = 301, .heads = 4, .channels = 24});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = run(problem);
  at::set_num_threads(2);
  EXPECT_TRUE(torch::equal(run(problem), alone));
  at::set_num_threads(threads);
}

TEST(DeformableAttention, RunsInInferenceMode) {
  const Problem problem({});
  const auto expected = run(problem);
  const c10::InferenceMode mode;
  const auto found = run(problem);
  EXPECT_TRUE(found.is_inference());
  EXPECT_TRUE(torch::equal(found, expected));
}

TEST(DeformableAttention, HostileLocationsSampleZero) {
  for (const double hostile : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1e30, 1e30}) {
    Problem problem({});
    problem.locations.fill_(hostile);
    EXPECT_EQ(run(problem).abs().max().item<float>(), 0) << hostile;
  }
}

void expect_error(const Problem& problem, const std::string& part) {
  try {
    run(problem);
    FAIL() << "expected an error with: " << part;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(DeformableAttention, NamesTheShapeExpectedAndGot) {
  const Problem good({});
  Problem bad = good;
  bad.value = good.value.flatten(2);
  expect_error(bad, "value: expected [B, S, N, D], got [2, 49, 15]");
  bad = good;
  bad.levels[0] = {5, 8};
  expect_error(bad, "expected 54 positions for its levels, got 49");
  bad.levels[0] = {int64_t{1} << 40, int64_t{1} << 40};
  expect_error(bad, "got 1099511627776 x 1099511627776");
  bad.levels[0] = {0, 7};
  expect_error(bad, "got 0 x 7");
  bad = good;
  bad.locations = good.locations.narrow(5, 0, 1);
  expect_error(bad, "locations: expected [2, 7, 3, 3, 3, 2], got [2, 7, 3, 3, 3, 1]");
  bad = good;
  bad.weights = good.weights.narrow(4, 0, 2);
  expect_error(bad, "weights: expected [2, 7, 3, 3, 3], got [2, 7, 3, 3, 2]");
  bad = good;
  bad.value = good.value.to(at::kInt);
  expect_error(bad, "expected floating point on cpu, got int on cpu");
}

}  // namespace
}  // namespace omma
