// Deformable convolution on CUDA: launches on raw device memory. See nn/deformable_convolution.h.
#pragma once

#include <cuda_runtime_api.h>

#include "omma/nn/kernels/deformable_convolution_kernel.h"

namespace omma {

// The same two passes as on the CPU, over device memory. Both return once the launch is queued on the stream. The gradient of the
// map is summed by atomic additions, whose order differs from run to run.
cudaError_t deformable_convolution_sample_cuda(const DeformableConvolutionInputs<float>& inputs, int64_t begin, int64_t end,
                                               float* columns, cudaStream_t stream);
cudaError_t deformable_convolution_backward_cuda(const DeformableConvolutionInputs<float>& inputs,
                                                 const DeformableConvolutionGradients<float>& gradients, int64_t begin, int64_t end,
                                                 float* columns, cudaStream_t stream);

}  // namespace omma
