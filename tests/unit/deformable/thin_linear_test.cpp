// The linear layer of few rows against the sum written out, at every instruction set and around every block's edge. Arrays have
// exactly the size they need, so that the sanitizer build sees any read or write outside them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "omma/nn/kernels/isa.h"
#include "omma/nn/kernels/thin_linear_kernel.h"
#include "tests/unit/deformable/kernel_values.h"

namespace omma {
namespace {

template <class Weight>
std::vector<Weight> weights_of(Rng& rng, int64_t count) {
  if constexpr (std::is_same_v<Weight, std::int8_t>) {
    std::vector<Weight> values(static_cast<std::size_t>(count));
    for (Weight& value : values) value = static_cast<Weight>(rng.between(-128, 127));
    return values;
  } else {
    return uniform<Weight>(rng, count);
  }
}

template <class Value, class Weight>
void expect_sums(void (*kernel)(const ThinLinear<Value, Weight>&, int64_t, int64_t), int64_t rows, int64_t inputs, int64_t outputs,
                 bool bias) {
  Rng rng(1);
  const auto x = uniform<Value>(rng, rows * inputs), shift = uniform<Value>(rng, outputs);
  const auto weight = weights_of<Weight>(rng, outputs * inputs);
  auto scale = uniform<float>(rng, outputs);
  for (float& each : scale) each /= 128.F;
  constexpr bool is_scaled = !std::is_same_v<Value, Weight>;
  std::vector<Value> output(static_cast<std::size_t>(rows * outputs));
  const ThinLinear<Value, Weight> task{.rows = rows,
                                       .inputs = inputs,
                                       .outputs = outputs,
                                       .x = x.data(),
                                       .weight = weight.data(),
                                       .bias = bias ? shift.data() : nullptr,
                                       .output = output.data(),
                                       .scale = is_scaled ? scale.data() : nullptr};
  kernel(task, 0, outputs / 3);  // as two threads would
  kernel(task, outputs / 3, outputs);
  const auto at = [](const auto& values, int64_t i) -> double { return widened(values[static_cast<std::size_t>(i)]); };
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < outputs; ++c) {
      double sum = 0;
      for (int64_t k = 0; k < inputs; ++k) sum += at(x, r * inputs + k) * at(weight, c * inputs + k);
      sum = sum * (is_scaled ? double(scale[static_cast<std::size_t>(c)]) : 1) + (bias ? at(shift, c) : 0);
      const double rounding = std::is_same_v<Value, float> ? 1e-5 : 1e-5 + std::abs(sum) / 256;
      ASSERT_NEAR(at(output, r * outputs + c), sum, rounding)
          << rows << " rows, " << inputs << " inputs, " << outputs << " outputs, at " << r << ", " << c;
    }
  }
}

void expect_all_shapes(const ThinLinearKernels& kernels) {
  for (const int64_t rows : {1, 2, 3, 4, 5, 9}) {
    for (const int64_t inputs : {1, 7, 16, 33, 100}) {
      for (const int64_t outputs : {1, 3, 4, 13}) {
        expect_sums(kernels.fp32, rows, inputs, outputs, outputs % 2 == 0);
        expect_sums(kernels.bf16, rows, inputs, outputs, outputs % 2 != 0);
        expect_sums(kernels.fp32_int8, rows, inputs, outputs, outputs % 2 != 0);
        expect_sums(kernels.bf16_int8, rows, inputs, outputs, outputs % 2 == 0);
      }
    }
  }
}

TEST(ThinLinear, Portable) { expect_all_shapes(thin_linear_portable); }

#if defined(__x86_64__)
TEST(ThinLinear, Avx2) {
  if (!supports(Isa::avx2)) GTEST_SKIP();
  expect_all_shapes(thin_linear_avx2);
}

TEST(ThinLinear, Avx512) {
  if (!supports(Isa::avx512)) GTEST_SKIP();
  expect_all_shapes(thin_linear_avx512);
}
#endif

// An output that is not a number comes from its own row alone.
TEST(ThinLinear, NanStaysInItsRow) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {nan, 1, 2, 3}, weight = {1, 1, 2, 0, 0, 1};
  std::vector<float> output(6);
  thin_linear_portable.fp32(
      {.rows = 2, .inputs = 2, .outputs = 3, .x = x.data(), .weight = weight.data(), .bias = nullptr, .output = output.data()}, 0,
      3);
  EXPECT_TRUE(std::isnan(output[0]) && std::isnan(output[1]) && std::isnan(output[2]));
  EXPECT_EQ(std::vector<float>(output.begin() + 3, output.end()), (std::vector<float>{5, 4, 3}));
}

}  // namespace
}  // namespace omma
