// Deformable convolution on the CPU at a given instruction set: what deformable_convolution() runs, and what its tests force.
#pragma once

#include "omma/nn/deformable_convolution.h"
#include "omma/nn/kernels/deformable_convolution_kernel.h"
#include "omma/nn/kernels/isa.h"

namespace omma {

// Tensors of deformable_convolution(), checked there and laid out for the kernels: contiguous, all of one type.
struct DeformableConvolutionOperands {
  Tensor maps;     // [B, H, W, C]
  Tensor offsets;  // [B, 2 K, Ho, Wo]
  Tensor mask;     // [B, K, Ho, Wo]
  Tensor filter;   // [Cout, kh, kw, C]
  int64_t stride, padding, dilation;

  DeformableConvolutionShape shape() const;  // of all C channels
};

struct DeformableConvolutionGrads {
  Tensor maps, offsets, mask, filter;  // of the operands' shapes
};

// fp32 or fp64, which has portable code only. [B, Cout, Ho, Wo] in channels-last memory; no autograd. Thread-safe.
Tensor deformable_convolution_forward_cpu(const DeformableConvolutionOperands& operands, Isa isa);

// grad_output [B, Cout, Ho, Wo], contiguous. Both passes are the same on any number of threads: a block of output positions here
// and a slice of channels of an image there are summed by one thread, in order.
DeformableConvolutionGrads deformable_convolution_backward_cpu(const Tensor& grad_output,
                                                               const DeformableConvolutionOperands& operands, Isa isa);

}  // namespace omma
