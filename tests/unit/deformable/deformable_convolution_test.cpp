#include "omma/nn/deformable_convolution.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor run(const ConvolutionProblem& x) { return deformable_convolution(x.input, x.offsets, x.mask, x.filter); }

Tensor reference(const ConvolutionProblem& x) { return deformable_convolution_reference(x.input, x.offsets, x.mask, x.filter); }

Tensor forward_at(const ConvolutionProblem& x, Isa isa) {
  const auto& filter = x.filter;
  return deformable_convolution_forward_cpu(
             {x.input.permute({0, 2, 3, 1}).contiguous(), x.offsets, x.mask, filter.weight.permute({0, 2, 3, 1}).contiguous(),
              filter.stride, filter.padding, filter.dilation},
             isa) +
         filter.bias.view({1, -1, 1, 1});
}

TEST(DeformableConvolution, EqualsTheReferenceAtEveryInstructionSet) {
  for (const auto& sizes : deformable_test::convolution_sizes()) {
    const ConvolutionProblem problem(sizes);
    const auto expected = reference(problem.to(at::kDouble));
    EXPECT_LT(relative_distance(reference(problem), expected), 1e-5);
    for (const Isa isa : supported_isas())
      EXPECT_LT(relative_distance(forward_at(problem, isa), expected), 1e-5) << "isa " << int(isa) << ", C " << sizes.channels;
  }
}

// The sum written out for one output number, with the rules of the authors' kernels.
double written_out(const ConvolutionProblem& x, int64_t image, int64_t channel, int64_t row, int64_t column) {
  const auto& [weight, bias, stride, padding, dilation] = x.filter;
  double sum = bias[channel].item<double>();
  for (int64_t i = 0; i < weight.size(2); ++i) {
    for (int64_t j = 0; j < weight.size(3); ++j) {
      const auto tap = i * weight.size(3) + j;
      const auto places = x.offsets[image].select(1, row).select(1, column);
      const double v = double(row * stride - padding + i * dilation) + places[2 * tap].item<double>();
      const double u = double(column * stride - padding + j * dilation) + places[2 * tap + 1].item<double>();
      const double share = x.mask[image][tap][row][column].item<double>();
      for (int64_t h = 0; h < x.input.size(2); ++h) {
        for (int64_t w = 0; w < x.input.size(3); ++w) {
          const double near = std::max(0.0, 1 - std::abs(v - double(h))) * std::max(0.0, 1 - std::abs(u - double(w)));
          if (near > 0)
            sum += share * near *
                   (weight[channel].select(1, i).select(1, j) * x.input[image].select(1, h).select(1, w)).sum().item<double>();
        }
      }
    }
  }
  return sum;
}

TEST(DeformableConvolution, IsTheSumWrittenOut) {
  for (const ConvolutionSizes& sizes :
       {ConvolutionSizes{.batch = 2, .channels = 2, .height = 4, .width = 5, .outputs = 2},
        ConvolutionSizes{
            .batch = 1, .channels = 3, .height = 5, .width = 4, .kernel_height = 2, .stride = 2, .padding = 2, .dilation = 2}}) {
    const ConvolutionProblem problem(sizes, at::kDouble);
    const auto found = run(problem), composed = reference(problem);
    for (int64_t image = 0; image < found.size(0); ++image)
      for (int64_t channel = 0; channel < found.size(1); ++channel)
        for (int64_t row = 0; row < found.size(2); ++row)
          for (int64_t column = 0; column < found.size(3); ++column) {
            const double expected = written_out(problem, image, channel, row, column);
            ASSERT_NEAR(found[image][channel][row][column].item<double>(), expected, 1e-12);
            ASSERT_NEAR(composed[image][channel][row][column].item<double>(), expected, 1e-12);
          }
  }
}

TEST(DeformableConvolution, WithoutOffsetsIsAConvolution) {
  ConvolutionProblem problem(
      {.batch = 2, .channels = 9, .height = 8, .width = 11, .outputs = 6, .stride = 2, .padding = 2, .dilation = 2});
  problem.offsets.zero_();
  problem.mask.fill_(1);
  const auto& filter = problem.filter;
  const auto expected = at::conv2d(problem.input, filter.weight, filter.bias, filter.stride, filter.padding, filter.dilation);
  EXPECT_LT(distance(run(problem), expected), 1e-5);
  EXPECT_LT(distance(reference(problem), expected), 1e-5);
}

// A single tap on a map of a column 1, 2, 3 at an exact place.
double at_place(double y, double x) {
  const auto one = torch::ones({1, 1, 1, 1}, at::kDouble);
  const auto map = torch::tensor({1.0, 2.0, 3.0}, at::kDouble).view({1, 1, 3, 1});
  auto offsets = torch::zeros({1, 2, 3, 1}, at::kDouble);
  offsets[0][0][1][0] = y - 1;
  offsets[0][1][1][0] = x;
  const DeformableFilter filter = {.weight = one, .bias = {}};
  const auto mask = torch::ones({1, 1, 3, 1}, at::kDouble);
  const auto found = deformable_convolution(map, offsets, mask, filter);
  EXPECT_EQ(distance(found, deformable_convolution_reference(map, offsets, mask, filter)), 0) << y << ", " << x;
  return found[0][0][1][0].item<double>();
}

TEST(DeformableConvolution, OutsideIsZero) {
  EXPECT_EQ(at_place(0, 0), 1);
  EXPECT_EQ(at_place(2, 0), 3);
  EXPECT_EQ(at_place(1.5, 0), 2.5);
  EXPECT_EQ(at_place(-0.25, 0), 0.75);
  EXPECT_EQ(at_place(2.75, 0), 0.75);
  EXPECT_EQ(at_place(2.5, 0.5), 0.75);
  EXPECT_EQ(at_place(0, -0.5), 0.5);
  for (const double far : {-1.0, -1.5, -1e30, 3.0, 3.5, 1e30, kInfinity, -kInfinity, std::nan("")})
    EXPECT_EQ(at_place(far, 0), 0) << far;
  for (const double far : {-1.0, -7.0, -1e30, 1.0, 1e30, kInfinity, -kInfinity, std::nan("")})
    EXPECT_EQ(at_place(0, far), 0) << far;
}

TEST(DeformableConvolution, KeepsTheTypeOfTheInput) {
  const ConvolutionProblem problem({});
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf}) {
    const auto rounded = problem.to(type);
    const auto found = run(rounded);
    EXPECT_EQ(found.scalar_type(), type);
    EXPECT_LT(distance(found, reference(rounded.to(at::kDouble)).to(type)),
              type == at::kFloat || type == at::kDouble ? 1e-5 : 2e-2);
  }
}

TEST(DeformableConvolution, TakesAnyLayout) {
  const ConvolutionProblem problem({.channels = 8});
  const auto expected = run(problem);
  auto other = problem;
  other.input = problem.input.contiguous(at::MemoryFormat::ChannelsLast);
  other.offsets = torch::cat({problem.offsets, problem.mask}, 1).narrow(1, 0, 18);
  other.mask = problem.mask.transpose(2, 3).contiguous().transpose(2, 3);
  other.filter.weight = problem.filter.weight.transpose(0, 3).contiguous().transpose(0, 3);
  EXPECT_TRUE(torch::equal(run(other), expected));
  other.filter.bias = Tensor();
  EXPECT_LT(distance(run(other) + problem.filter.bias.view({1, -1, 1, 1}), expected), 1e-6);
}

TEST(DeformableConvolution, TakesNoImages) {
  const auto found = run(ConvolutionProblem({.batch = 0, .stride = 2}));
  EXPECT_EQ(found.sizes(), (std::vector<int64_t>{0, 4, 3, 4}));
  EXPECT_EQ(reference(ConvolutionProblem({.batch = 0, .stride = 2})).sizes(), found.sizes());
}

TEST(DeformableConvolution, IsTheSameOnAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  for (const ConvolutionSizes& sizes :
       {ConvolutionSizes{.batch = 1, .channels = 256, .height = 23, .width = 31, .outputs = 256},
        ConvolutionSizes{.batch = 1, .channels = 256, .height = 3, .width = 4, .outputs = 256},  // a single block
        ConvolutionSizes{.batch = 3, .channels = 24, .height = 40, .width = 31, .outputs = 7}}) {
    const ConvolutionProblem problem(sizes);
    at::set_num_threads(1);
    const auto alone = run(problem);
    for (const int count : {2, 3}) {
      at::set_num_threads(count);
      EXPECT_TRUE(torch::equal(run(problem), alone)) << count << " threads, C " << sizes.channels;
    }
  }
  at::set_num_threads(threads);
}

TEST(DeformableConvolution, RunsInInferenceMode) {
  const ConvolutionProblem problem({});
  const auto expected = run(problem);
  const c10::InferenceMode mode;
  const auto found = run(problem);
  EXPECT_TRUE(found.is_inference());
  EXPECT_TRUE(torch::equal(found, expected));
}

void expect_error(const ConvolutionProblem& problem, const std::string& part) {
  try {
    run(problem);
    FAIL() << "expected an error with: " << part;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(DeformableConvolution, NamesTheShapeExpectedAndGot) {
  const ConvolutionProblem good({});
  const auto with = [&](auto change) {
    ConvolutionProblem bad = good;
    change(bad);
    return bad;
  };
  expect_error(with([](ConvolutionProblem& x) { x.input = x.input[0]; }), "input: expected [B, C, H, W], got [5, 6, 7]");
  expect_error(with([](ConvolutionProblem& x) { x.input = x.input.to(at::kInt); }),
               "expected floating point on cpu, got int on cpu");
  expect_error(with([](ConvolutionProblem& x) { x.mask = Tensor(); }), "got an undefined tensor");
  expect_error(with([](ConvolutionProblem& x) { x.filter.weight = x.filter.weight.narrow(1, 0, 4); }),
               "weight: expected [Cout, 5, kh, kw], got [4, 4, 3, 3]");
  expect_error(with([](ConvolutionProblem& x) { x.offsets = x.offsets.narrow(1, 0, 9); }),
               "offsets: expected [2, 18, 6, 7], got [2, 9, 6, 7]");
  expect_error(with([](ConvolutionProblem& x) { x.mask = x.mask.narrow(3, 0, 6); }),
               "mask: expected [2, 9, 6, 7], got [2, 9, 6, 6]");
  expect_error(with([](ConvolutionProblem& x) { x.filter.bias = x.filter.bias.narrow(0, 0, 3); }), "bias: expected [4], got [3]");
  expect_error(with([](ConvolutionProblem& x) { x.filter.stride = 0; }), "stride: expected 1 to 16777216, got 0");
  expect_error(with([](ConvolutionProblem& x) { x.filter.padding = -1; }), "padding: expected 0 to 16777216, got -1");
  expect_error(with([](ConvolutionProblem& x) { x.filter.dilation = int64_t{1} << 62; }), "dilation: expected 1 to");
  expect_error(with([](ConvolutionProblem& x) { x.filter.dilation = 4; }), "3 taps with dilation 4 reach over 9 pixels");
}

// GLIP's kernel: the numbers of one image by their place in memory, counted with the output's size.
TEST(ReinterpretedMaps, AreReadByTheirPlaceInMemory) {
  const auto whole = torch::randn({3, 27, 7, 5});
  const auto offsets = whole.narrow(1, 0, 18), mask = whole.narrow(1, 18, 9).sigmoid();
  const auto other = reinterpreted_maps(offsets, 4, 3), shares = reinterpreted_maps(mask, 4, 3);
  const auto* memory = whole.const_data_ptr<float>();
  const auto* mask_memory = mask.const_data_ptr<float>();
  for (int64_t image = 0; image < 3; ++image)
    for (int64_t k = 0; k < 9; ++k)
      for (int64_t y = 0; y < 4; ++y)
        for (int64_t x = 0; x < 3; ++x) {
          const auto* first = memory + image * 27 * 7 * 5;
          ASSERT_EQ(other[image][2 * k][y][x].item<float>(), first[((2 * k) * 4 + y) * 3 + x]);
          ASSERT_EQ(other[image][2 * k + 1][y][x].item<float>(), first[((2 * k + 1) * 4 + y) * 3 + x]);
          ASSERT_EQ(shares[image][k][y][x].item<float>(), mask_memory[image * 9 * 7 * 5 + (k * 4 + y) * 3 + x]);
        }
}

TEST(ReinterpretedMaps, OfTheirOwnSizeAreThemselves) {
  const auto maps = torch::randn({2, 3, 4, 5});
  EXPECT_TRUE(torch::equal(reinterpreted_maps(maps, 4, 5), maps));
}

TEST(ReinterpretedMaps, GiveTheGradientBackToWhereTheyRead) {
  const auto maps = torch::randn({2, 3, 4, 5}).requires_grad_();
  const auto direction = torch::randn({2, 3, 2, 3});
  (reinterpreted_maps(maps, 2, 3) * direction).sum().backward();
  const auto gradient = maps.grad().flatten(1);
  EXPECT_TRUE(torch::equal(gradient.narrow(1, 0, 18), direction.flatten(1)));
  EXPECT_EQ(gradient.narrow(1, 18, 42).abs().max().item<float>(), 0);
}

TEST(ReinterpretedMaps, HoldNoMoreThanTheirOwn) {
  const auto maps = torch::randn({1, 2, 4, 5});
  EXPECT_THROW(reinterpreted_maps(maps, 3, 7), std::invalid_argument);
  EXPECT_THROW(reinterpreted_maps(maps, -1, 2), std::invalid_argument);
  EXPECT_THROW(reinterpreted_maps(maps, int64_t{1} << 40, int64_t{1} << 40), std::invalid_argument);
  EXPECT_THROW(reinterpreted_maps(maps[0], 1, 1), std::invalid_argument);
}

}  // namespace
}  // namespace omma
