// Deformable attention on the CPU at a given instruction set: what deformable_attention() runs, and what its tests force.
//
// value fp32, bf16 or fp64, its channels contiguous; locations and weights contiguous, fp64 for fp64 values, else fp32. Shapes are
// those of deformable_attention() and are not checked again; fp64 has portable code only. No autograd. Thread-safe.
#pragma once

#include "omma/nn/deformable_attention.h"
#include "omma/nn/kernels/isa.h"

namespace omma {

struct DeformableGradients {
  Tensor value;      // [B, S, N, D] of value's type
  Tensor locations;  // [B, Q, N, L, P, 2]
  Tensor weights;    // [B, Q, N, L, P]
};

Tensor deformable_forward_cpu(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights,
                              Isa isa);

// grad_output [B, Q, N D] of value's type. The same on any number of threads: each (batch, head) is summed by one thread, in order.
DeformableGradients deformable_backward_cpu(const Tensor& grad_output, const Tensor& value, const LevelShapes& levels,
                                            const Tensor& locations, const Tensor& weights, Isa isa);

}  // namespace omma
