// The kernels on raw memory against the sum written out, at every instruction set: also where locations are hostile, so that the
// sanitizer build sees any read or write outside the arrays.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "omma/base/rng.h"
#include "omma/nn/kernels/deformable_attention_kernel.h"
#include "omma/nn/kernels/isa.h"

namespace omma {
namespace {

struct Level {
  int32_t height, width;
};

struct Sizes {
  int64_t batch = 2, queries = 5, heads = 3, channels = 7, points = 3;
  std::vector<Level> levels = {{5, 3}, {1, 4}, {1, 1}};
};

// Random arrays of exactly the size they need.
struct Problem : Sizes {
  std::vector<int32_t> height, width, start;
  std::vector<float> value, locations, weights;
  int64_t positions = 0;

  explicit Problem(const Sizes& sizes) : Sizes(sizes) {
    for (const auto& level : levels) {
      height.insert(height.end(), size_t(points), level.height);
      width.insert(width.end(), size_t(points), level.width);
      start.insert(start.end(), size_t(points), int32_t(positions));
      positions += level.height * level.width;
    }
    Rng rng(1);
    value = uniform(rng, batch * positions * heads * channels, -1, 1);
    locations = uniform(rng, rows() * samples() * 2, -0.3, 1.3);
    weights = uniform(rng, rows() * samples(), 0, 1);
  }

  static std::vector<float> uniform(Rng& rng, int64_t count, double low, double high) {
    std::vector<float> x(static_cast<size_t>(count));
    for (float& element : x) element = float(low + (high - low) * rng.uniform());
    return x;
  }
  int64_t samples() const { return int64_t(height.size()); }
  int64_t rows() const { return batch * queries * heads; }
  DeformableShape shape() const {
    return {queries,          heads,   samples(), channels, height.data(), width.data(), start.data(), positions * heads * channels,
            heads * channels, channels};
  }
};

template <class Value>
std::vector<Value> forward(const Problem& problem, const std::vector<Value>& value, const DeformableKernel<Value, float>& kernel) {
  std::vector<Value> output(static_cast<size_t>(problem.rows() * problem.channels));
  std::vector<int32_t> positions(static_cast<size_t>(4 * problem.samples()));
  std::vector<float> shares(positions.size());
  const DeformableForward<Value, float> task = {problem.shape(), value.data(), problem.locations.data(), problem.weights.data(),
                                                output.data()};
  kernel.forward(task, {positions.data(), shares.data(), nullptr}, 0, problem.batch * problem.queries);
  return output;
}

std::vector<float> run_forward(const Problem& problem, const DeformableKernels& kernels) {
  return forward(problem, problem.value, kernels.fp32);
}

struct Gradients {
  std::vector<float> value, locations, weights;
};

// Of the output's sum, where `one` is 1.
template <class Value>
Gradients backward(const Problem& problem, const std::vector<Value>& value, Value one,
                   const DeformableKernel<Value, float>& kernel) {
  Gradients found = {std::vector<float>(problem.value.size()), std::vector<float>(problem.locations.size(), -99),
                     std::vector<float>(problem.weights.size(), -99)};
  std::vector<int32_t> positions(static_cast<size_t>(4 * problem.samples()));
  std::vector<float> shares(positions.size()), products(positions.size());
  const std::vector<Value> ones(static_cast<size_t>(problem.rows() * problem.channels), one);
  const DeformableBackward<Value, float> task = {
      {problem.shape(), value.data(), problem.locations.data(), problem.weights.data(), nullptr},
      ones.data(),
      found.value.data(),
      found.locations.data(),
      found.weights.data(),
      problem.positions};
  kernel.backward(task, {positions.data(), shares.data(), products.data()}, 0, problem.batch * problem.heads);
  return found;
}

Gradients run_backward(const Problem& problem, const DeformableKernels& kernels) {
  return backward(problem, problem.value, 1.0F, kernels.fp32);
}

// Equation 3 of the paper, one product at a time.
std::vector<float> written_out(const Problem& problem) {
  std::vector<float> output(size_t(problem.rows() * problem.channels));
  for (size_t i = 0; i < output.size(); ++i) {
    const auto row = int64_t(i) / problem.channels, channel = int64_t(i) % problem.channels;
    const auto head = row % problem.heads, batch = row / problem.heads / problem.queries;
    double sum = 0;
    for (int64_t k = 0; k < problem.samples(); ++k) {
      const auto sample = size_t(row * problem.samples() + k);
      const int32_t height = problem.height[size_t(k)], width = problem.width[size_t(k)];
      const double x = double(problem.locations[2 * sample]) * width - 0.5,
                   y = double(problem.locations[2 * sample + 1]) * height - 0.5;
      for (int32_t v = 0; v < height; ++v) {
        for (int32_t u = 0; u < width; ++u) {
          const double share = std::max(0.0, 1 - std::abs(x - u)) * std::max(0.0, 1 - std::abs(y - v));
          const auto position = batch * problem.positions + problem.start[size_t(k)] + v * width + u;
          if (share > 0)
            sum += share * double(problem.weights[sample]) *
                   double(problem.value[size_t((position * problem.heads + head) * problem.channels + channel)]);
        }
      }
    }
    output[i] = float(sum);
  }
  return output;
}

struct KernelCase {
  const char* name;
  Isa isa;
  const DeformableKernels* kernels;
};

std::vector<KernelCase> all_kernels() {
  std::vector<KernelCase> kernels = {{"portable", Isa::portable, &deformable_portable}};
#if defined(__x86_64__)
  kernels.push_back({"avx2", Isa::avx2, &deformable_avx2});
  kernels.push_back({"avx512", Isa::avx512, &deformable_avx512});
#endif
  return kernels;
}

class DeformableKernelTest : public testing::TestWithParam<KernelCase> {
 protected:
  void SetUp() override {
    if (!supports(GetParam().isa)) GTEST_SKIP() << "this processor lacks " << GetParam().name;
  }
  const DeformableKernels& kernels() const { return *GetParam().kernels; }
};

TEST_P(DeformableKernelTest, ForwardIsTheSumWrittenOutAtAnyWidth) {
  for (const int64_t channels : {1, 3, 4, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 65}) {
    const Problem problem({.channels = channels});
    const auto expected = written_out(problem), found = run_forward(problem, kernels());
    for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 2e-6) << channels << " channels, element " << i;
  }
}

TEST_P(DeformableKernelTest, GradientOfValueIsTheSharesAtAnyWidth) {
  for (const int64_t channels : {1, 5, 8, 16, 21, 32, 40}) {
    const Problem problem({.channels = channels});
    const auto gradients = run_backward(problem, kernels());
    // The output is linear in the value: <gradient, value> is the output's sum.
    double inner = 0, sum = 0;
    for (int64_t batch = 0; batch < problem.batch; ++batch)
      for (int64_t s = 0; s < problem.positions; ++s)
        for (int64_t head = 0; head < problem.heads; ++head)
          for (int64_t c = 0; c < channels; ++c)
            inner += double(problem.value[size_t(((batch * problem.positions + s) * problem.heads + head) * channels + c)]) *
                     double(gradients.value[size_t(((batch * problem.heads + head) * problem.positions + s) * channels + c)]);
    for (const float x : run_forward(problem, kernels())) sum += double(x);
    EXPECT_NEAR(inner, sum, 1e-4) << channels << " channels";
  }
}

TEST_P(DeformableKernelTest, HalfPrecisionIsTheSameButForOneRounding) {
  for (const int64_t channels : {1, 3, 4, 7, 8, 12, 16, 24, 31, 32, 33, 48}) {
    Problem problem({.channels = channels});
    std::vector<Bfloat16> half;
    for (float& x : problem.value) {  // representable in either type
      half.push_back({static_cast<uint16_t>(std::bit_cast<uint32_t>(x) >> 16)});
      x = std::bit_cast<float>(uint32_t{half.back().bits} << 16);
    }
    const auto expected = run_forward(problem, kernels());
    const auto found = forward(problem, half, kernels().bf16);
    for (size_t i = 0; i < found.size(); ++i) {
      const auto bits = std::bit_cast<uint32_t>(expected[i]);
      ASSERT_EQ(found[i].bits, (bits + 0x7fff + (bits >> 16 & 1)) >> 16) << channels << " channels, element " << i;
    }
    const auto gradients = backward(problem, half, Bfloat16{0x3f80}, kernels().bf16), exact = run_backward(problem, kernels());
    EXPECT_EQ(gradients.value, exact.value);
    EXPECT_EQ(gradients.locations, exact.locations);
    EXPECT_EQ(gradients.weights, exact.weights);
  }
}

TEST_P(DeformableKernelTest, HostileLocationsSampleZeroAndStayInside) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
  for (const float hostile :
       {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, largest, -largest, 3e9F, -3e9F, 2.0F, -1.0F}) {
    for (const int axis : {0, 1}) {
      Problem problem(Sizes{});
      for (size_t i = size_t(axis); i < problem.locations.size(); i += 2) problem.locations[i] = hostile;
      for (const float x : run_forward(problem, kernels())) ASSERT_EQ(x, 0) << hostile;
      const auto gradients = run_backward(problem, kernels());
      for (const auto* gradient : {&gradients.value, &gradients.locations, &gradients.weights})
        for (const float x : *gradient) ASSERT_EQ(x, 0) << hostile;
    }
  }
}

TEST_P(DeformableKernelTest, BordersFadeToZero) {
  // One row of two pixels of value 1: within half a pixel of the border the sample fades linearly.
  Problem problem({.batch = 1, .queries = 1, .heads = 1, .channels = 1, .points = 1, .levels = {{1, 2}}});
  problem.value = {1, 1};
  problem.weights = {1};
  for (const auto& [x, expected] :
       {std::pair{0.0F, 0.5F}, {0.25F, 1.0F}, {0.75F, 1.0F}, {1.0F, 0.5F}, {1.25F, 0.0F}, {-0.25F, 0.0F}}) {
    problem.locations = {x, 0.5F};
    EXPECT_FLOAT_EQ(run_forward(problem, kernels())[0], expected) << x;
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, DeformableKernelTest, testing::ValuesIn(all_kernels()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace omma
