// The attention of few queries against its definition written out, at every instruction set and around every block's edge. Arrays
// have exactly the size they need, so that the sanitizer build sees any read or write outside them.
#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>
#include <vector>

#include "omma/nn/kernels/isa.h"
#include "omma/nn/kernels/thin_attention_kernel.h"
#include "tests/unit/deformable/kernel_values.h"

namespace omma {
namespace {

struct HeadSizes {
  int64_t queries, keys, channels, gap;
};

// `count` rows with `gap` elements between one's channels and the next row, none behind the last.
template <class Value>
struct Rows {
  Rows(Rng& rng, int64_t count, int64_t channels, int64_t gap)
      : stride(channels + gap), values(uniform<Value>(rng, count * stride - gap)) {}
  double at(int64_t row, int64_t d) const { return double(widened(values[static_cast<std::size_t>(row * stride + d)])); }

  int64_t stride;
  std::vector<Value> values;
};

// Strides that all differ.
template <class Value>
void expect_attention(void (*kernel)(const ThinAttention<Value>&), const HeadSizes& sizes, float scale) {
  Rng rng(1);
  const Rows<Value> q(rng, sizes.queries, sizes.channels, sizes.gap), k(rng, sizes.keys, sizes.channels, sizes.gap + 1),
      v(rng, sizes.keys, sizes.channels, sizes.gap + 2);
  Rows<Value> output(rng, sizes.queries, sizes.channels, sizes.gap + 3);
  std::vector<float> weights(static_cast<std::size_t>(4 * sizes.keys));
  kernel({.queries = sizes.queries,
          .keys = sizes.keys,
          .channels = sizes.channels,
          .q = q.values.data(),
          .k = k.values.data(),
          .v = v.values.data(),
          .output = output.values.data(),
          .q_stride = q.stride,
          .k_stride = k.stride,
          .v_stride = v.stride,
          .output_stride = output.stride,
          .scale = scale,
          .weights = weights.data()});
  for (int64_t t = 0; t < sizes.queries; ++t) {
    std::vector<double> powers;
    double sum = 0;
    for (int64_t s = 0; s < sizes.keys; ++s) {
      double score = 0;
      for (int64_t d = 0; d < sizes.channels; ++d) score += q.at(t, d) * k.at(s, d);
      sum += powers.emplace_back(std::exp(scale * score));
    }
    for (int64_t d = 0; d < sizes.channels; ++d) {
      double mixed = 0;
      for (int64_t s = 0; s < sizes.keys; ++s) mixed += powers[static_cast<std::size_t>(s)] / sum * v.at(s, d);
      const double rounding = std::is_same_v<Value, float> ? 1e-5 : 1e-5 + std::abs(mixed) / 256;
      ASSERT_NEAR(output.at(t, d), mixed, rounding)
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
