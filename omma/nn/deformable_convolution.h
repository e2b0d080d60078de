// Modulated deformable convolution (Zhu et al. 2019, "Deformable ConvNets v2", equation 1): each tap of a filter reads its pixel
// not from the grid but where an offset says, as a bilinear sample, times a mask.
//
// B batch, C channels, H x W the input's size, Ho x Wo the output's, K = kh kw taps of the filter.
#pragma once

#include <cstdint>

#include "omma/nn/torch.h"

namespace omma {

using torch::Tensor;

struct DeformableFilter {
  Tensor weight;  // [Cout, C, kh, kw]
  Tensor bias;    // [Cout], or undefined for none
  int64_t stride = 1, padding = 0, dilation = 1;
};

// input [B, C, H, W], offsets [B, 2 K, Ho, Wo], mask [B, K, Ho, Wo] -> [B, Cout, Ho, Wo] of input's type, where Ho is
// (H + 2 padding - dilation (kh - 1) - 1) / stride + 1 and Wo likewise.
//
// Channels 2 k and 2 k + 1 of the offsets are the y and x, in pixels of the input, that tap k = i kw + j adds to its place of an
// ordinary convolution, (y stride - padding + i dilation, x stride - padding + j dilation) at output (y, x). The mask is taken as
// it is: a sigmoid is the caller's. Pixels outside the input are zero; a place beyond it by a pixel or more, infinite or NaN,
// samples zero and has no gradient, as in the authors' kernels.
//
// Differentiable in all tensors. On the CPU this is a sampler of its own, vectorised over C, and matrix products of LibTorch, a
// block of output positions at a time; half-precision tensors are computed in fp32. An input in channels-last memory saves a copy.
// CUDA tensors use a kernel where omma was built with OMMA_CUDA, else the composition below. Thread-safe. Throws
// std::invalid_argument naming the shape expected and got.
Tensor deformable_convolution(const Tensor& input, const Tensor& offsets, const Tensor& mask, const DeformableFilter& filter);

// The same as a composition of LibTorch's operators, four gathers a tap: the kernels' oracle.
Tensor deformable_convolution_reference(const Tensor& input, const Tensor& offsets, const Tensor& mask,
                                        const DeformableFilter& filter);

// maps [B, M, H, W] -> [B, M, height, width]: of each image, the first M height width numbers in the order of its memory, as if
// they were maps of that size. No resizing: a number moves to another channel and place. Differentiable; what is not read has no
// gradient.
//
// GLIP's DyConv computes offsets and mask on one level and convolves the next, smaller one with them, too. Its CUDA kernel
// (github.com/microsoft/GLIP, commit 9dda955, maskrcnn_benchmark/csrc/cuda/deform_conv_cuda.cu and deform_conv_kernel_cuda.cu)
// checks no size and finds an offset at ((2 k) Ho + y) Wo + x of the image's memory. The batch's images are passed one by one,
// offset[b] and mask[b], each starting at its own stride: image b begins at b M H W here as well, whatever the smaller size. Its
// gradients are written the same way, into zeros of the larger shape. A model with its weights has to make the same of them:
//   deformable_convolution(upper, reinterpreted_maps(offsets, Ho, Wo), reinterpreted_maps(mask, Ho, Wo), filter)
// Throws std::invalid_argument where the maps hold fewer numbers than that, which there reads another tensor's memory.
Tensor reinterpreted_maps(const Tensor& maps, int64_t height, int64_t width);

}  // namespace omma
