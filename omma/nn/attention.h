// Attention. B batch, T and S tokens, N heads, D channels a head.
#pragma once

#include <optional>

#include "omma/nn/tensor.h"

namespace omma {

// Views: [B, T, N D] -> [B, N, T, D] and back.
Tensor split_heads(const Tensor& x, int64_t heads);
Tensor merge_heads(const Tensor& x);

// softmax(scale q k^T + mask) v: q [B, N, T, D], k and v [B, N, S, D] -> [B, N, T, D]. `scale` is 1 / sqrt(D) where none is given.
// `mask` broadcasts to [B, N, T, S]: boolean (true = may attend) or added to the scores; undefined for none. Every row needs one
// key it may attend to.
//
// Without gradients and mask own kernels compute it on a CPU: a few queries (a decoder's step) with keys and values read once for
// four of them; many in bf16, on processors with AVX-512 BF16 and no AMX, at 2.4 times LibTorch's rate.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask = {}, double dropout = 0,
                 std::optional<double> scale = {});

struct KeysValues {
  Tensor keys, values;  // [P, N, S, D]
};

// The same for queries q [B, N, T, D] that look at sources, of which there may be fewer, B = P G: rows p G ... p G + G - 1 look at
// source p, without copies of its keys. `mask` then broadcasts to [P, N, G T, S].
Tensor attention(const Tensor& q, const KeysValues& sources, const Tensor& mask = {}, double dropout = 0,
                 std::optional<double> scale = {});

}  // namespace omma
