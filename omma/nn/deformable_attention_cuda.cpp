#include "omma/nn/deformable_attention_cuda.h"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "omma/base/error.h"
#include "omma/nn/kernels/deformable_attention_cuda.h"

namespace omma {
namespace {

CudaValue value_type(at::ScalarType type) {
  return type == at::kHalf ? CudaValue::fp16 : type == at::kBFloat16 ? CudaValue::bf16 : CudaValue::fp32;
}

CudaDeformableForward task_of(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights,
                              void* output) {
  CudaDeformableShape shape = {.batch = value.size(0),
                               .queries = locations.size(1),
                               .heads = value.size(2),
                               .channels = value.size(3),
                               .levels = int(levels.size()),
                               .points = int(locations.size(4)),
                               .height = {},
                               .width = {},
                               .start = {},
                               .batch_stride = value.stride(0),
                               .position_stride = value.stride(1),
                               .head_stride = value.stride(2)};
  int32_t start = 0;
  for (size_t level = 0; level < levels.size(); ++level) {
    shape.height[level] = int32_t(levels[level].first);
    shape.width[level] = int32_t(levels[level].second);
    shape.start[level] = start;
    start += shape.height[level] * shape.width[level];
  }
  return {shape,
          value_type(value.scalar_type()),
          value.const_data_ptr(),
          locations.const_data_ptr<float>(),
          weights.const_data_ptr<float>(),
          output};
}

void check_launch(cudaError_t status, const char* pass) {
  if (status != cudaSuccess) fail_runtime("deformable attention: the CUDA {} pass failed: {}", pass, cudaGetErrorString(status));
}

}  // namespace

bool has_cuda_kernel(at::ScalarType type, const LevelShapes& levels) {
  return (type == at::kFloat || type == at::kHalf || type == at::kBFloat16) && levels.size() <= size_t(kCudaLevels);
}

Tensor deformable_forward_cuda(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights) {
  const c10::cuda::CUDAGuard guard(value.device());
  const auto output = torch::empty({value.size(0), locations.size(1), value.size(2) * value.size(3)}, value.options());
  const auto task = task_of(value, levels, locations, weights, output.mutable_data_ptr());
  check_launch(deformable_forward_cuda(task, c10::cuda::getCurrentCUDAStream()), "forward");
  return output;
}

DeformableGradients deformable_backward_cuda(const Tensor& grad_output, const Tensor& value, const LevelShapes& levels,
                                             const Tensor& locations, const Tensor& weights) {
  const c10::cuda::CUDAGuard guard(value.device());
  const auto grad_value = torch::zeros(value.sizes(), locations.options());  // [B, S, N, D], fp32 sums
  const auto grad_locations = torch::empty_like(locations), grad_weights = torch::empty_like(weights);
  const CudaDeformableBackward task = {.inputs = task_of(value, levels, locations, weights, nullptr),
                                       .grad_output = grad_output.const_data_ptr(),
                                       .grad_value = grad_value.mutable_data_ptr<float>(),
                                       .grad_locations = grad_locations.mutable_data_ptr<float>(),
                                       .grad_weights = grad_weights.mutable_data_ptr<float>(),
                                       .positions = value.size(1)};
  check_launch(deformable_backward_cuda(task, c10::cuda::getCurrentCUDAStream()), "backward");
  return {grad_value.to(value.scalar_type()), grad_locations, grad_weights};
}

}  // namespace omma
