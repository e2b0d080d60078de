#include "omma/nn/attention.h"

namespace omma {

Tensor split_heads(const Tensor& x, int64_t heads) { return x.unflatten(-1, {heads, -1}).transpose(1, 2); }

Tensor merge_heads(const Tensor& x) { return x.transpose(1, 2).flatten(2); }

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double dropout) {
  const auto optional = mask.defined() ? std::make_optional(mask) : std::nullopt;
  return at::scaled_dot_product_attention(q, k, v, optional, dropout);
}

}  // namespace omma
