#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "omma/nn/kernels/kernels_for.h"
#include "omma/nn/tensor.h"

namespace omma {
namespace {

struct Case {
  int64_t queries, keys, channels;
  int64_t height = 0, width = 0;  // of a grid of keys; 0: none
};

// Of one head, each query and key in the place of two, so that rows lie apart.
struct Head {
  Tensor q, k, v, rows, columns;

  Head(const Case& shape, torch::Dtype dtype) {
    torch::manual_seed(5);
    const auto random = [&](int64_t count, int64_t channels) {
      return torch::randn({count, 2 * channels}).to(dtype).narrow(1, channels, channels);
    };
    q = random(shape.queries, shape.channels);
    k = random(shape.keys, shape.channels);
    v = random(shape.keys, shape.channels);
    rows = torch::randn({shape.queries, shape.height}).to(dtype);
    columns = torch::randn({shape.queries, shape.width}).to(dtype);
  }
};

constexpr float scale = 0.2F;

Tensor by_definition(const Head& head, const Case& shape) {
  const auto exact = [](const Tensor& x) { return x.to(torch::kDouble); };
  Tensor scores = scale * exact(head.q).matmul(exact(head.k).t());
  if (shape.height > 0) scores = scores + (exact(head.rows).unsqueeze(2) + exact(head.columns).unsqueeze(1)).flatten(1);
  return scores.softmax(1).matmul(exact(head.v));
}

template <class Value>
Tensor by_kernel(const WideAttentionKernel<Value>& kernel, const Head& head, const Case& shape) {
  const auto at = [](const Tensor& x) { return static_cast<const Value*>(x.const_data_ptr()); };
  const WideGridScores<Value> grid{
      .height = shape.height, .width = shape.width, .rows = at(head.rows), .columns = at(head.columns)};
  const Tensor output = torch::full({shape.queries, shape.channels + 3}, -7, head.q.options());
  const Tensor scratch = torch::full({kernel.scratch_size(shape.keys, shape.channels)}, std::nanf(""));  // aligned to 64 bytes
  const WideAttention<Value> task{.queries = shape.queries,
                                  .keys = shape.keys,
                                  .channels = shape.channels,
                                  .q = at(head.q),
                                  .k = at(head.k),
                                  .v = at(head.v),
                                  .output = static_cast<Value*>(output.mutable_data_ptr()),
                                  .q_stride = head.q.stride(0),
                                  .k_stride = head.k.stride(0),
                                  .v_stride = head.v.stride(0),
                                  .output_stride = output.stride(0),
                                  .scale = scale,
                                  .grid = shape.height > 0 ? &grid : nullptr,
                                  .scratch = scratch.mutable_data_ptr<float>()};
  kernel.pack(task);
  for (int64_t query = 0; query < shape.queries; query += kernel.block)
    kernel.attend(task, query, std::min(query + kernel.block, shape.queries));
  EXPECT_TRUE((output.narrow(1, shape.channels, 3) == -7).all().item<bool>());
  return output.narrow(1, 0, shape.channels);
}

template <class Value>
void expect_right(const WideAttentionKernel<Value>& kernel, torch::Dtype dtype, double tolerance) {
  std::vector<Case> cases = {
      {40, 196, 64, 14, 14}, {33, 360, 32, 9, 40}, {17, 990, 16, 30, 33}, {3, 1, 2, 1, 1}, {50, 1100, 20, 1, 1100}};
  for (const int64_t queries : {1, 5, 16, 33, 100})
    for (const int64_t keys : {1, 63, 130, 600, 1100})
      for (const int64_t channels : {2, 34, 64, 80}) cases.push_back({queries, keys, channels});
  for (const Case& shape : cases) {
    const Head head(shape, dtype);
    const Tensor apart = (by_kernel(kernel, head, shape) - by_definition(head, shape)).abs();
    EXPECT_LT(at::max(apart).item().toDouble(), tolerance)
        << shape.queries << " " << shape.keys << " " << shape.channels << " " << shape.height;
  }
}

// Those that this processor can execute, and not only the one that attention() takes.
TEST(WideAttention, EveryKernelIsWhatTheDefinitionSays) {
#if defined(__x86_64__)
  if (supports(Isa::avx512)) expect_right(wide_attention_avx512, torch::kFloat32, 1e-5);
  if (has_avx512_bf16()) expect_right(wide_attention_avx512bf16, torch::kBFloat16, 0.03);
  if (has_amx_bf16()) expect_right(wide_attention_amx, torch::kBFloat16, 0.03);
#endif
  if (!supports(Isa::avx512)) GTEST_SKIP() << "this processor has no AVX-512";
}

}  // namespace
}  // namespace omma
