// Attention whose scores gain something by the row and the column of a key, as nn/grid_attention.h has it.
#pragma once

#include "omma/nn/tensor.h"

namespace omma {

// Of S = H W keys that are a grid, row by row, and T queries; of the queries' type.
struct GridScores {
  Tensor rows;     // [B N, T, H]
  Tensor columns;  // [B N, T, W]
};

// softmax(q k^T / sqrt(D) + grid scores) v by a kernel: q [B, N, T, D], k, v [B, N, S, D] -> [B, N, T, D]. Undefined where none has
// it: with gradients, and on processors without AVX-512 (bf16: AVX-512 BF16).
Tensor grid_scored_attention(const Tensor& q, const Tensor& k, const Tensor& v, const GridScores& scores);

}  // namespace omma
