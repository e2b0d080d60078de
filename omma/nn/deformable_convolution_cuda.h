// Deformable convolution on CUDA, in builds with OMMA_CUDA: what deformable_convolution() runs for CUDA tensors.
//
// Operands as on the CPU, fp32. On the current stream; no autograd; thread-safe. The gradient of the maps is summed by atomic
// additions: it differs in the last bits from run to run. Throws std::runtime_error where a launch fails.
#pragma once

#include "omma/nn/deformable_convolution_cpu.h"

namespace omma {

Tensor deformable_convolution_forward_cuda(const DeformableConvolutionOperands& operands);

DeformableConvolutionGrads deformable_convolution_backward_cuda(const Tensor& grad_output,
                                                                const DeformableConvolutionOperands& operands);

}  // namespace omma
