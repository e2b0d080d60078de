// Attention over a grid of tokens with decomposed relative positions (Li et al. 2022, "Improved Multiscale Vision Transformers";
// SAM's and ViTDet's picture encoders).
#pragma once

#include <cstdint>

#include "omma/nn/tensor.h"

namespace omma {

// What a query adds to its scores by where a key lies: q . rows[y - y' + H - 1] + q . columns[x - x' + W - 1], of the query itself,
// not of the scaled one. Undefined: nothing.
struct RelativePositions {
  Tensor rows;     // [2 H - 1, D]
  Tensor columns;  // [2 W - 1, D]
};

struct GridSize {
  int64_t height = 0;  // H
  int64_t width = 0;   // W
};

// softmax(q k^T / sqrt(D) + positions) v of B grids of S = H W tokens, row by row, with N heads: q, k, v [B, N, S, D] ->
// [B, N, S, D]. Without gradients on a CPU the N S S scores are never there at once: a thread has some of the queries at a time.
// Own kernels compute it on processors with AVX-512, in bf16 on those with AVX-512 BF16 or AMX. Throws std::invalid_argument where
// positions do not fit the grid.
Tensor grid_attention(const Tensor& q, const Tensor& k, const Tensor& v, GridSize grid, const RelativePositions& positions);

}  // namespace omma
