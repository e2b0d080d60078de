// Multi-scale deformable attention on CUDA: launches on raw device memory. See nn/deformable_attention.h.
#pragma once

#include <cuda_runtime_api.h>
#include <stdint.h>

namespace omma {

constexpr int kCudaLevels = 8;  // a level table of at most so many travels as a kernel's argument

struct CudaDeformableShape {
  int64_t batch, queries, heads, channels;
  int levels, points;
  int32_t height[kCudaLevels], width[kCudaLevels], start[kCudaLevels];
  int64_t batch_stride, position_stride, head_stride;  // of value, in elements; its channels lie together
};

enum class CudaValue { fp32, fp16, bf16 };

// Device memory; `value`, `output` and `grad_output` are of the type named, the rest is fp32. Everything but value is contiguous.
struct CudaDeformableForward {
  CudaDeformableShape shape;
  CudaValue type;
  const void* value;       // [B, S, N, D]
  const float* locations;  // [B, Q, N, L, P, 2]
  const float* weights;    // [B, Q, N, L, P]
  void* output;            // [B, Q, N, D]
};

struct CudaDeformableBackward {
  CudaDeformableForward inputs;  // `output` unused
  const void* grad_output;       // [B, Q, N, D]
  float* grad_value;             // [B, S, N, D], contiguous, zero before the call
  float* grad_locations;         // [B, Q, N, L, P, 2]
  float* grad_weights;           // [B, Q, N, L, P]
  int64_t positions;             // S
};

// Both return once the launch is queued on the stream. The gradient of value is summed by atomic additions, whose order differs
// from run to run.
cudaError_t deformable_forward_cuda(const CudaDeformableForward& task, cudaStream_t stream);
cudaError_t deformable_backward_cuda(const CudaDeformableBackward& task, cudaStream_t stream);

}  // namespace omma
