#include "omma/nn/causal_attention.h"

#include <ATen/ops/scaled_dot_product_attention.h>

#include "omma/nn/attention.h"

namespace omma {

CausalPlaces causal_places(int64_t past, int64_t tokens, const Tensor& padding, const torch::Device& device) {
  const auto index = torch::TensorOptions(torch::kLong).device(device);
  const Tensor places = torch::arange(past, past + tokens, index);  // [T]
  if (!padding.defined()) {
    CausalPlaces result{.positions = places, .mask = {}};
    if (past > 0 && tokens > 1) result.mask = (torch::arange(past + tokens, index) <= places.unsqueeze(1)).view({1, 1, tokens, -1});
    return result;
  }
  const Tensor before = padding.unsqueeze(1);               // [B, 1]
  const Tensor keys = torch::arange(past + tokens, index);  // [S]
  const Tensor causal = keys <= places.unsqueeze(1);        // [T, S]
  const Tensor real = (keys >= before).unsqueeze(1);        // [B, 1, S]
  const Tensor self = keys == places.unsqueeze(1);          // [T, S]: a row of padding attends to itself, not to nothing
  return {.positions = (places - before).clamp_min(0), .mask = ((causal & real) | self).unsqueeze(1)};
}

Tensor causal_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  const int64_t group = q.size(1) / k.size(1);
  const int64_t tokens = q.size(2);
  if (tokens == 1 && !mask.defined()) {  // decoding: a group's heads are rows of one product, keys and values are not copied
    const Tensor rows = q.reshape({q.size(0), k.size(1), group, q.size(3)});
    return attention(rows, k, v).reshape(q.sizes());
  }
  const Tensor keys = group == 1 ? k : k.repeat_interleave(group, 1);
  const Tensor values = group == 1 ? v : v.repeat_interleave(group, 1);
  if (mask.defined()) return at::scaled_dot_product_attention(q, keys, values, mask);
  return at::scaled_dot_product_attention(q, keys, values, std::nullopt, 0.0, /*is_causal=*/true);
}

}  // namespace omma
