// Deformable attention on CUDA, in builds with OMMA_CUDA: what deformable_attention() runs for CUDA tensors.
//
// value fp32, fp16 or bf16, its channels contiguous; locations and weights fp32, contiguous. Shapes are those of
// deformable_attention() and are not checked again. On the current stream; no autograd; thread-safe. The gradient of value is
// summed by atomic additions: it differs in the last bits from run to run. Throws std::runtime_error where a launch fails.
#pragma once

#include "omma/nn/deformable_attention_cpu.h"

namespace omma {

// Whether the kernel takes a value of this type over so many levels.
bool has_cuda_kernel(at::ScalarType type, const LevelShapes& levels);

Tensor deformable_forward_cuda(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights);

DeformableGradients deformable_backward_cuda(const Tensor& grad_output, const Tensor& value, const LevelShapes& levels,
                                             const Tensor& locations, const Tensor& weights);

}  // namespace omma
