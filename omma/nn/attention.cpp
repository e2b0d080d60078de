#include "omma/nn/attention.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "omma/nn/kernels/kernels_for.h"
#include "omma/nn/parallel.h"

namespace omma {
namespace {

constexpr int64_t most_thin_queries = 8;  // up to here attention is bound by reading keys and values

bool suits_thin(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto type = q.scalar_type();
  const auto fits = [&](const Tensor& x) {
    return x.is_cpu() && x.scalar_type() == type && x.stride(3) == 1 && x.size(0) == q.size(0) && x.size(1) == q.size(1) &&
           x.size(3) == q.size(3);
  };
  return !torch::GradMode::is_enabled() && (type == torch::kFloat || type == torch::kBFloat16) && q.size(2) <= most_thin_queries &&
         q.numel() > 0 && k.size(2) > 0 && k.size(2) == v.size(2) && fits(q) && fits(k) && fits(v);
}

template <class Value>
void attend_thin(void (*kernel)(const ThinAttention<Value>&), const Tensor& q, const Tensor& k, const Tensor& v,
                 const Tensor& output) {
  const int64_t heads = q.size(1), grain = std::max<int64_t>(1, (1 << 15) / (k.size(2) * k.size(3)));  // heads worth a thread
  torch_parallel_for(q.size(0) * heads, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> weights(static_cast<std::size_t>(4 * k.size(2)));
    for (int64_t i = begin; i < end; ++i) {
      const auto part = [&](const Tensor& x) {
        return static_cast<const Value*>(x.const_data_ptr()) + i / heads * x.stride(0) + i % heads * x.stride(1);
      };
      kernel({.queries = q.size(2),
              .keys = k.size(2),
              .channels = q.size(3),
              .q = part(q),
              .k = part(k),
              .v = part(v),
              .output = const_cast<Value*>(part(output)),
              .q_stride = q.stride(2),
              .k_stride = k.stride(2),
              .v_stride = v.stride(2),
              .output_stride = output.stride(2),
              .scale = 1 / std::sqrt(static_cast<float>(q.size(3))),
              .weights = weights.data()});
    }
  });
}

Tensor attend_thin(const Tensor& q, const Tensor& k, const Tensor& v) {
  // As heads are merged next: [B, T, N, D] in memory.
  const Tensor output = torch::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, q.options()).transpose(1, 2);
  const ThinAttentionKernels& kernels = thin_attention_kernels_for(best_isa());
  if (q.scalar_type() == torch::kFloat)
    attend_thin<float>(kernels.fp32, q, k, v, output);
  else
    attend_thin<Bfloat16>(kernels.bf16, q, k, v, output);
  return output;
}

}  // namespace

Tensor split_heads(const Tensor& x, int64_t heads) { return x.unflatten(-1, {heads, -1}).transpose(1, 2); }

Tensor merge_heads(const Tensor& x) { return x.transpose(1, 2).flatten(2); }

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double dropout) {
  if (!mask.defined() && dropout == 0 && suits_thin(q, k, v)) return attend_thin(q, k, v);
  const auto optional = mask.defined() ? std::make_optional(mask) : std::nullopt;
  return at::scaled_dot_product_attention(q, k, v, optional, dropout);
}

}  // namespace omma
