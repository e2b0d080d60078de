// Attention. B batch, T and S tokens, N heads, D channels a head.
#pragma once

#include "omma/nn/tensor.h"

namespace omma {

// Views: [B, T, N D] -> [B, N, T, D] and back.
Tensor split_heads(const Tensor& x, int64_t heads);
Tensor merge_heads(const Tensor& x);

// softmax(q k^T / sqrt(D) + mask) v: q [B, N, T, D], k and v [B, N, S, D] -> [B, N, T, D]. `mask` broadcasts to [B, N, T, S]:
// boolean (true = may attend) or added to the scores; undefined for none. Every row needs one key it may attend to. Without
// gradients and mask, a few queries on a CPU (a decoder's step) pass a kernel that reads keys and values once for four of them.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask = {}, double dropout = 0);

}  // namespace omma
