// The attention of few queries against its definition written out, at every instruction set and around every block's edge. Arrays
// have exactly the size they need, so that the sanitizer build sees any read or write outside them.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "omma/nn/kernels/isa.h"
#include "omma/nn/kernels/thin_attention_kernel.h"
#include "tests/unit/deformable/kernel_values.h"

namespace omma {
namespace {

struct HeadSizes {
  int64_t queries, keys, channels, gap;  // gap: between a row's channels and the next row
};

// Rows of channels, without a gap behind the last.
template <class Value>
std::vector<Value> rows(Rng& rng, int64_t count, const HeadSizes& sizes) {
  return uniform<Value>(rng, count * (sizes.channels + sizes.gap) - sizes.gap);
}

template <class Value>
void expect_attention(void (*kernel)(const ThinAttention<Value>&), const HeadSizes& sizes, float scale) {
  Rng rng(1);
  const int64_t stride = sizes.channels + sizes.gap;
  const auto q = rows<Value>(rng, sizes.queries, sizes), k = rows<Value>(rng, sizes.keys, sizes),
             v = rows<Value>(rng, sizes.keys, sizes);
  std::vector<Value> output(static_cast<std::size_t>(sizes.queries * stride - sizes.gap));
  std::vector<float> weights(static_cast<std::size_t>(4 * sizes.keys));
  kernel({.queries = sizes.queries,
          .keys = sizes.keys,
          .channels = sizes.channels,
          .q = q.data(),
          .k = k.data(),
          .v = v.data(),
          .output = output.data(),
          .q_stride = stride,
          .k_stride = stride,
          .v_stride = stride,
          .output_stride = stride,
          .scale = scale,
          .weights = weights.data()});
  const auto at = [&](const std::vector<Value>& values, int64_t row, int64_t d) {
    return double(widened(values[static_cast<std::size_t>(row * stride + d)]));
  };
  for (int64_t t = 0; t < sizes.queries; ++t) {
    std::vector<double> powers;
    double sum = 0;
    for (int64_t s = 0; s < sizes.keys; ++s) {
      double score = 0;
      for (int64_t d = 0; d < sizes.channels; ++d) score += at(q, t, d) * at(k, s, d);
      sum += powers.emplace_back(std::exp(scale * score));
    }
    for (int64_t d = 0; d < sizes.channels; ++d) {
      double mixed = 0;
      for (int64_t s = 0; s < sizes.keys; ++s) mixed += powers[static_cast<std::size_t>(s)] / sum * at(v, s, d);
      const double rounding = std::is_same_v<Value, float> ? 1e-5 : 1e-5 + std::abs(mixed) / 256;
      ASSERT_NEAR(at(output, t, d), mixed, rounding)
          << sizes.queries << " queries, " << sizes.keys << " keys, " << sizes.channels << " channels, at " << t << ", " << d;
    }
  }
}

void expect_all_sizes(const ThinAttentionKernels& kernels) {
  for (const int64_t queries : {1, 2, 3, 4, 5, 9}) {
    for (const int64_t keys : {1, 3, 4, 30}) {
      for (const int64_t channels : {1, 7, 16, 33, 64, 100}) {
        expect_attention(kernels.fp32, {queries, keys, channels, 0}, 0.5F);
        expect_attention(kernels.bf16, {queries, keys, channels, 5}, 2.F);
      }
    }
  }
}

TEST(ThinAttention, Portable) { expect_all_sizes(thin_attention_portable); }

#if defined(__x86_64__)
TEST(ThinAttention, Avx2) {
  if (!supports(Isa::avx2)) GTEST_SKIP();
  expect_all_sizes(thin_attention_avx2);
}

TEST(ThinAttention, Avx512) {
  if (!supports(Isa::avx512)) GTEST_SKIP();
  expect_all_sizes(thin_attention_avx512);
}
#endif

// Scores that no exponential of a float can hold.
TEST(ThinAttention, LargeScoresDoNotOverflow) {
  const std::vector<float> q = {1000}, k = {1, 2}, v = {3, 4};
  std::vector<float> output(1), weights(8);
  thin_attention_portable.fp32({.queries = 1,
                                .keys = 2,
                                .channels = 1,
                                .q = q.data(),
                                .k = k.data(),
                                .v = v.data(),
                                .output = output.data(),
                                .q_stride = 1,
                                .k_stride = 1,
                                .v_stride = 1,
                                .output_stride = 1,
                                .scale = 1,
                                .weights = weights.data()});
  EXPECT_EQ(output[0], 4);
}

}  // namespace
}  // namespace omma
