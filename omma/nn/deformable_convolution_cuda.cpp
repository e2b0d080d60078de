#include "omma/nn/deformable_convolution_cuda.h"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>

#include "omma/base/error.h"
#include "omma/nn/kernels/deformable_convolution_cuda.h"

namespace omma {
namespace {

constexpr int64_t kCudaColumnNumbers = 1 << 26;  // of the columns made at a time: 256 MiB

void check_convolution_launch(cudaError_t status, const char* pass) {
  if (status != cudaSuccess) fail_runtime("deformable convolution: the CUDA {} pass failed: {}", pass, cudaGetErrorString(status));
}

DeformableConvolutionInputs<float> cuda_inputs(const DeformableConvolutionOperands& operands, int64_t image) {
  return {.shape = operands.shape(),
          .map = operands.maps.const_data_ptr<float>() + image * operands.maps.stride(0),
          .offsets = operands.offsets.const_data_ptr<float>() + image * operands.offsets.stride(0),
          .mask = operands.mask.const_data_ptr<float>() + image * operands.mask.stride(0)};
}

// Calls body(image, first, count, rows) for the images' output positions in blocks: rows [count, K C] are for a block's columns.
template <class Body>
void for_column_blocks(const DeformableConvolutionOperands& operands, const Body& body) {
  const auto shape = operands.shape();
  const int64_t column = shape.taps * shape.channels;
  const int64_t block = std::clamp<int64_t>(kCudaColumnNumbers / column, 1, shape.positions);
  const Tensor columns = torch::empty({block, column}, operands.maps.options());
  for (int64_t image = 0; image < operands.maps.size(0); ++image) {
    for (int64_t first = 0; first < shape.positions; first += block) {
      const int64_t count = std::min(block, shape.positions - first);
      body(image, first, count, columns.narrow(0, 0, count));
    }
  }
}

}  // namespace

Tensor deformable_convolution_forward_cuda(const DeformableConvolutionOperands& operands) {
  const c10::cuda::CUDAGuard guard(operands.maps.device());
  const torch::NoGradGuard no_grad;
  const auto stream = c10::cuda::getCurrentCUDAStream();
  const Tensor filter = operands.filter.flatten(1).t();  // [K C, Cout]
  const Tensor output = torch::empty({operands.maps.size(0), filter.size(1), operands.mask.size(2), operands.mask.size(3)},
                                     operands.maps.options().memory_format(at::MemoryFormat::ChannelsLast));
  for_column_blocks(operands, [&](int64_t image, int64_t first, int64_t count, const Tensor& rows) {
    check_convolution_launch(deformable_convolution_sample_cuda(cuda_inputs(operands, image), first, first + count,
                                                                rows.mutable_data_ptr<float>(), stream),
                             "forward");
    Tensor part = output[image].flatten(1).t().narrow(0, first, count);  // [count, Cout]
    at::mm_out(part, rows, filter);
  });
  return output;
}

DeformableConvolutionGrads deformable_convolution_backward_cuda(const Tensor& grad_output,
                                                                const DeformableConvolutionOperands& operands) {
  const c10::cuda::CUDAGuard guard(operands.maps.device());
  const torch::NoGradGuard no_grad;
  const auto stream = c10::cuda::getCurrentCUDAStream();
  const Tensor filter = operands.filter.flatten(1);  // [Cout, K C]
  Tensor grad_filter = torch::zeros_like(filter);
  const Tensor grad_maps = torch::zeros_like(operands.maps), grad_offsets = torch::empty_like(operands.offsets),
               grad_mask = torch::empty_like(operands.mask);
  for_column_blocks(operands, [&](int64_t image, int64_t first, int64_t count, Tensor rows) {
    const Tensor grad = grad_output[image].flatten(1).narrow(1, first, count);  // [Cout, count]
    at::mm_out(rows, grad.t(), filter);
    const DeformableConvolutionGradients<float> gradients = {.map = grad_maps[image].mutable_data_ptr<float>(),
                                                             .offsets = grad_offsets[image].mutable_data_ptr<float>(),
                                                             .mask = grad_mask[image].mutable_data_ptr<float>()};
    check_convolution_launch(deformable_convolution_backward_cuda(cuda_inputs(operands, image), gradients, first, first + count,
                                                                  rows.mutable_data_ptr<float>(), stream),
                             "backward");
    grad_filter.addmm_(grad, rows);
  });
  return {grad_maps, grad_offsets, grad_mask, grad_filter.view_as(operands.filter)};
}

}  // namespace omma
