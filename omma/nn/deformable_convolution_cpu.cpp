#include "omma/nn/deformable_convolution_cpu.h"

#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <vector>

#include "omma/nn/kernels/kernels_for.h"
#include "omma/nn/parallel.h"

namespace omma {
namespace {

constexpr int64_t kColumnBytes = 1 << 19;  // of a block's columns: they are read from a core's own cache
constexpr int64_t kSlice = 32;             // channels whose gradients are one thread's work

// Output positions whose columns, of so many bytes each, are made at a time.
int64_t positions_at_a_time(int64_t positions, int64_t column_bytes) {
  const int64_t fitting = std::clamp<int64_t>(kColumnBytes / column_bytes / 16 * 16, 16, 256);
  return std::min(positions, fitting);
}

// Calls body(i) for each i below count, on LibTorch's threads. There a matrix product takes one thread, and adds in the same order
// whatever their number; hence the second piece of work, of nothing, beside a lone one.
template <class Body>
void for_each_in_parallel(int64_t count, const Body& body) {
  torch_parallel_for(std::max<int64_t>(count, 2), 1, [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView no_autograd;  // nor inference mode, which is the caller's thread's alone
    for (int64_t i = begin; i < std::min(end, count); ++i) body(i);
  });
}

template <class Real>
DeformableConvolutionInputs<Real> image_inputs(const DeformableConvolutionOperands& operands,
                                               const DeformableConvolutionShape& shape, int64_t image) {
  return {.shape = shape,
          .map = operands.maps.const_data_ptr<Real>() + image * operands.maps.stride(0),
          .offsets = operands.offsets.const_data_ptr<Real>() + image * operands.offsets.stride(0),
          .mask = operands.mask.const_data_ptr<Real>() + image * operands.mask.stride(0)};
}

// A block of an image's output is the block's columns times the filter [K C, Cout].
template <class Real>
Tensor convolve(const DeformableConvolutionKernel<Real>& kernel, const DeformableConvolutionOperands& operands) {
  const DeformableConvolutionShape shape = operands.shape();
  const Tensor filter = operands.filter.flatten(1).t().contiguous();
  const int64_t images = operands.maps.size(0), column = filter.size(0);
  const int64_t block = positions_at_a_time(shape.positions, column * int64_t(sizeof(Real)));
  const int64_t blocks = (shape.positions + block - 1) / block;
  const Tensor output = torch::empty({images, filter.size(1), operands.mask.size(2), operands.mask.size(3)},
                                     operands.maps.options().memory_format(at::MemoryFormat::ChannelsLast));
  for_each_in_parallel(images * blocks, [&](int64_t i) {
    const int64_t image = i / blocks, first = i % blocks * block, count = std::min(block, shape.positions - first);
    const Tensor columns = torch::empty({count, column}, operands.maps.options());
    kernel.sample(image_inputs<Real>(operands, shape, image), first, first + count, columns.mutable_data_ptr<Real>());
    Tensor part = output[image].flatten(1).t().narrow(0, first, count);  // [count, Cout]
    at::mm_out(part, columns, filter);
  });
  return output;
}

// The gradients of one image in one slice of channels: all it writes is its own, so that threads need no atomics.
struct SliceTask {
  Tensor grad_output;              // [Cout, Ho Wo]
  Tensor filter;                   // [Cout, K D]
  Tensor grad_filter;              // [Cout, K D], zero before
  Tensor grad_offsets, grad_mask;  // of one image
};

template <class Real>
void differentiate_slice(const DeformableConvolutionKernel<Real>& kernel, const DeformableConvolutionInputs<Real>& inputs,
                         Real* grad_map, SliceTask& task) {
  const DeformableConvolutionShape& shape = inputs.shape;
  const int64_t column = shape.taps * shape.channels;
  const int64_t block = positions_at_a_time(shape.positions, column * int64_t(sizeof(Real)));
  const Tensor columns = torch::empty({block, column}, task.filter.options());
  for (int64_t first = 0; first < shape.positions; first += block) {
    const int64_t count = std::min(block, shape.positions - first);
    const Tensor grad = task.grad_output.narrow(1, first, count);
    Tensor rows = columns.narrow(0, 0, count);
    at::mm_out(rows, grad.t(), task.filter);
    kernel.backward(inputs, {grad_map, task.grad_offsets.mutable_data_ptr<Real>(), task.grad_mask.mutable_data_ptr<Real>()}, first,
                    first + count, columns.mutable_data_ptr<Real>());
    task.grad_filter.addmm_(grad, rows);
  }
}

template <class Real>
DeformableConvolutionGrads differentiate(const DeformableConvolutionKernel<Real>& kernel, const Tensor& grad_output,
                                         const DeformableConvolutionOperands& operands) {
  const DeformableConvolutionShape shape = operands.shape();
  const int64_t images = operands.maps.size(0), slices = (shape.channels + kSlice - 1) / kSlice;
  const auto sizes_of = [&](const Tensor& x) {
    auto sizes = x.sizes().vec();
    sizes.insert(sizes.begin(), slices);
    return sizes;
  };
  const Tensor grad_maps = torch::zeros_like(operands.maps);
  const Tensor grad_offsets = torch::empty(sizes_of(operands.offsets), operands.maps.options());  // [slices, B, 2 K, Ho, Wo]
  const Tensor grad_mask = torch::empty(sizes_of(operands.mask), operands.maps.options());
  const Tensor filter = operands.filter.flatten(1, 2);  // [Cout, K, C]
  const Tensor grad_filters = torch::empty({images, filter.size(0), shape.taps, shape.channels}, filter.options());
  for_each_in_parallel(slices * images, [&](int64_t i) {
    const int64_t image = i % images, slice = i / images, channel = slice * kSlice;
    auto inputs = image_inputs<Real>(operands, shape, image);
    inputs.shape.channels = std::min(kSlice, shape.channels - channel);
    inputs.map += channel;
    const Tensor part = filter.narrow(2, channel, inputs.shape.channels).flatten(1);
    SliceTask task = {.grad_output = grad_output[image].flatten(1),
                      .filter = part,
                      .grad_filter = torch::zeros_like(part),
                      .grad_offsets = grad_offsets[slice][image],
                      .grad_mask = grad_mask[slice][image]};
    differentiate_slice(kernel, inputs, grad_maps.mutable_data_ptr<Real>() + image * grad_maps.stride(0) + channel, task);
    grad_filters[image].narrow(2, channel, inputs.shape.channels).copy_(task.grad_filter.view({filter.size(0), shape.taps, -1}));
  });
  return {grad_maps, grad_offsets.sum(0), grad_mask.sum(0), grad_filters.sum(0).view_as(operands.filter)};
}

template <class Body>
auto with_convolution_kernel(at::ScalarType type, Isa isa, const Body& body) {
  return type == at::kDouble ? body(deformable_convolution_double) : body(deformable_convolution_kernel_for(isa));
}

}  // namespace

DeformableConvolutionShape DeformableConvolutionOperands::shape() const {
  return {.height = int32_t(maps.size(1)),
          .width = int32_t(maps.size(2)),
          .channels = maps.size(3),
          .pixel_stride = maps.size(3),
          .taps = mask.size(1),
          .kernel_width = filter.size(2),
          .stride = stride,
          .padding = padding,
          .dilation = dilation,
          .positions = mask.size(2) * mask.size(3),
          .output_width = mask.size(3)};
}

Tensor deformable_convolution_forward_cpu(const DeformableConvolutionOperands& operands, Isa isa) {
  return with_convolution_kernel(operands.maps.scalar_type(), isa, [&](const auto& kernel) { return convolve(kernel, operands); });
}

DeformableConvolutionGrads deformable_convolution_backward_cpu(const Tensor& grad_output,
                                                               const DeformableConvolutionOperands& operands, Isa isa) {
  return with_convolution_kernel(operands.maps.scalar_type(), isa,
                                 [&](const auto& kernel) { return differentiate(kernel, grad_output, operands); });
}

}  // namespace omma
