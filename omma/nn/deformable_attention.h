// Multi-scale deformable attention (Zhu et al. 2021, "Deformable DETR", equation 3): every query reads a few bilinear samples of
// the feature maps of several levels and sums them by its own weights.
//
// B batch, S positions of all levels, N heads, D channels a head, Q queries, L levels, P points a level.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "omma/nn/torch.h"

namespace omma {

using torch::Tensor;

// (height, width) of each level, in the order in which the levels follow one another along S; S is the sum of height * width.
using LevelShapes = std::vector<std::pair<int64_t, int64_t>>;

// value [B, S, N, D], locations [B, Q, N, L, P, 2] as (x, y) in 0..1 of a level's extent, weights [B, Q, N, L, P] -> [B, Q, N D] of
// value's type. A location is sampled with pixel centres at (i + .5) / size; what lies outside a map is zero there.
// A location beyond a map by a pixel or more, infinite or NaN, samples zero and has no gradient.
//
// Differentiable in value, locations and weights. On the CPU this is a kernel of its own, vectorised over D, whose results do not
// depend on the number of threads; half-precision values are summed in fp32 with fp32 locations and weights. CUDA tensors use a
// kernel where omma was built with OMMA_CUDA, else the composition below. Thread-safe.
// Throws std::invalid_argument naming the shape expected and got.
Tensor deformable_attention(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights);

// The same as a composition of LibTorch's operators, one grid_sample a level: the kernels' oracle. For finite locations.
Tensor deformable_attention_reference(const Tensor& value, const LevelShapes& levels, const Tensor& locations,
                                      const Tensor& weights);

}  // namespace omma
