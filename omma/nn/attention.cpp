#include "omma/nn/attention.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "omma/nn/grid_scores.h"
#include "omma/nn/kernels/kernels_for.h"
#include "omma/nn/parallel.h"

namespace omma {
namespace {

constexpr int64_t max_thin_queries = 8;  // up to here attention is bound by reading keys and values

// Whether a kernel can take it: no gradients, one type on the CPU, channels side by side.
bool is_plain(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto type = q.scalar_type();
  const auto fits = [&](const Tensor& x) {
    return x.is_cpu() && x.scalar_type() == type && x.stride(3) == 1 && x.size(0) == q.size(0) && x.size(1) == q.size(1) &&
           x.size(3) == q.size(3);
  };
  return !torch::GradMode::is_enabled() && q.numel() > 0 && k.size(2) > 0 && k.size(2) == v.size(2) && fits(q) && fits(k) &&
         fits(v);
}

bool suits_thin(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto type = q.scalar_type();
  return (type == torch::kFloat || type == torch::kBFloat16) && q.size(2) <= max_thin_queries && is_plain(q, k, v);
}

bool suits_wide(const Tensor& q, const Tensor& k, const Tensor& v) {
  const bool has_kernel = q.scalar_type() == torch::kBFloat16
                              ? q.size(3) % 2 == 0 && wide_attention_kernel_bf16() != nullptr
                              : q.scalar_type() == torch::kFloat && wide_attention_kernel_fp32() != nullptr;
  return has_kernel && is_plain(q, k, v);
}

// As heads are merged next: [B, T, N, D] in memory.
Tensor empty_output(const Tensor& q) {
  return torch::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, q.options()).transpose(1, 2);
}

// Where the rows of head i of all batches' begin.
template <class Value>
const Value* head_of(const Tensor& x, int64_t i) {
  return static_cast<const Value*>(x.const_data_ptr()) + i / x.size(1) * x.stride(0) + i % x.size(1) * x.stride(1);
}
template <class Value>
Value* output_head_of(const Tensor& x, int64_t i) {
  return const_cast<Value*>(head_of<Value>(x, i));
}

template <class Value>
void attend_thin(void (*kernel)(const ThinAttention<Value>&), const Tensor& q, const Tensor& k, const Tensor& v, float scale,
                 const Tensor& output) {
  const int64_t grain = std::max<int64_t>(1, (1 << 15) / (k.size(2) * k.size(3)));  // heads worth a thread
  torch_parallel_for(q.size(0) * q.size(1), grain, [&](int64_t begin, int64_t end) {
    std::vector<float> weights(static_cast<std::size_t>(4 * k.size(2)));
    for (int64_t i = begin; i < end; ++i)
      kernel({.queries = q.size(2),
              .keys = k.size(2),
              .channels = q.size(3),
              .q = head_of<Value>(q, i),
              .k = head_of<Value>(k, i),
              .v = head_of<Value>(v, i),
              .output = output_head_of<Value>(output, i),
              .q_stride = q.stride(2),
              .k_stride = k.stride(2),
              .v_stride = v.stride(2),
              .output_stride = output.stride(2),
              .scale = scale,
              .weights = weights.data()});
  });
}

Tensor attend_thin(const Tensor& q, const Tensor& k, const Tensor& v, float scale) {
  const Tensor output = empty_output(q);
  const ThinAttentionKernels& kernels = thin_attention_kernels_for(best_isa());
  if (q.scalar_type() == torch::kFloat)
    attend_thin<float>(kernels.fp32, q, k, v, scale, output);
  else
    attend_thin<Bfloat16>(kernels.bf16, q, k, v, scale, output);
  return output;
}

// A thread's blocks of queries are neighbours, so that it packs a head once.
template <class Value>
void attend_wide(const WideAttentionKernel<Value>& kernel, const Tensor& q, const Tensor& k, const Tensor& v, float scale,
                 const GridScores* scores, const Tensor& output) {
  const int64_t blocks = (q.size(2) + kernel.block - 1) / kernel.block;
  const int64_t grain = std::max<int64_t>(1, (1 << 20) / (kernel.block * k.size(2) * k.size(3)));  // blocks worth a thread
  torch_parallel_for(q.size(0) * q.size(1) * blocks, grain, [&](int64_t begin, int64_t end) {
    const auto bytes = static_cast<std::size_t>(kernel.scratch_size(k.size(2), k.size(3))) * sizeof(float);
    const at::DataPtr scratch = c10::GetCPUAllocator()->allocate(bytes);  // aligned to 64 bytes
    for (int64_t i = begin; i < end; ++i) {
      const int64_t head = i / blocks, query = i % blocks * kernel.block;
      WideGridScores<Value> grid{};
      if (scores != nullptr)
        grid = {.height = scores->rows.size(2),
                .width = scores->columns.size(2),
                .rows = static_cast<const Value*>(scores->rows.const_data_ptr()) + head * scores->rows.stride(0),
                .columns = static_cast<const Value*>(scores->columns.const_data_ptr()) + head * scores->columns.stride(0)};
      const WideAttention<Value> task{.queries = q.size(2),
                                      .keys = k.size(2),
                                      .channels = q.size(3),
                                      .q = head_of<Value>(q, head),
                                      .k = head_of<Value>(k, head),
                                      .v = head_of<Value>(v, head),
                                      .output = output_head_of<Value>(output, head),
                                      .q_stride = q.stride(2),
                                      .k_stride = k.stride(2),
                                      .v_stride = v.stride(2),
                                      .output_stride = output.stride(2),
                                      .scale = scale,
                                      .grid = scores == nullptr ? nullptr : &grid,
                                      .scratch = static_cast<float*>(scratch.get())};
      if (i == begin || query == 0) kernel.pack(task);
      kernel.attend(task, query, std::min(query + kernel.block, q.size(2)));
    }
  });
}

Tensor attend_wide(const Tensor& q, const Tensor& k, const Tensor& v, float scale, const GridScores* scores = nullptr) {
  const Tensor output = empty_output(q);
  if (q.scalar_type() == torch::kFloat)
    attend_wide(*wide_attention_kernel_fp32(), q, k, v, scale, scores, output);
  else
    attend_wide(*wide_attention_kernel_bf16(), q, k, v, scale, scores, output);
  return output;
}

}  // namespace

Tensor split_heads(const Tensor& x, int64_t heads) { return x.unflatten(-1, {heads, -1}).transpose(1, 2); }

Tensor merge_heads(const Tensor& x) { return x.transpose(1, 2).flatten(2); }

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double dropout,
                 std::optional<double> scale) {
  if (!mask.defined() && dropout == 0) {
    const auto factor = static_cast<float>(scale.value_or(1 / std::sqrt(static_cast<double>(q.size(3)))));
    if (suits_thin(q, k, v)) return attend_thin(q, k, v, factor);
    const bool fills_vectors = q.scalar_type() != torch::kFloat || q.size(3) % 64 == 0;  // else LibTorch's fp32 is faster
    if (fills_vectors && factor > 0 && suits_wide(q, k, v)) return attend_wide(q, k, v, factor);
  }
  const auto optional = mask.defined() ? std::make_optional(mask) : std::nullopt;
  return at::scaled_dot_product_attention(q, k, v, optional, dropout, /*is_causal=*/false, scale);
}

Tensor grid_scored_attention(const Tensor& q, const Tensor& k, const Tensor& v, const GridScores& scores) {
  if (!suits_wide(q, k, v)) return {};
  const GridScores contiguous{.rows = scores.rows.contiguous(), .columns = scores.columns.contiguous()};
  return attend_wide(q, k, v, static_cast<float>(1 / std::sqrt(static_cast<double>(q.size(3)))), &contiguous);
}

Tensor attention(const Tensor& q, const KeysValues& sources, const Tensor& mask, double dropout, std::optional<double> scale) {
  const int64_t count = sources.keys.size(0), tokens = q.size(2);
  if (count == q.size(0)) return attention(q, sources.keys, sources.values, mask, dropout, scale);
  // A source's rows become queries of one attention: [P G, N, T, D] to [P, N, G T, D] and back.
  const Tensor queries = q.unflatten(0, {count, -1}).transpose(1, 2).flatten(2, 3);
  const Tensor context = attention(queries, sources.keys, sources.values, mask, dropout, scale);
  return context.unflatten(2, {-1, tokens}).transpose(1, 2).flatten(0, 1);
}

}  // namespace omma
