// Modulated deformable convolution (Zhu et al. 2019, "Deformable ConvNets v2"), for now as a composition of LibTorch's operations.
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

// input [B, C, H, W], offsets [B, 2 K, Ho, Wo], mask [B, K, Ho, Wo] -> [B, Cout, Ho, Wo].
Tensor deformable_convolution(const Tensor& input, const Tensor& offsets, const Tensor& mask, const DeformableFilter& filter);

// maps [B, M, H, W] -> [B, M, height, width]: of each image, the first M height width numbers in the order of its memory.
Tensor reinterpreted_maps(const Tensor& maps, int64_t height, int64_t width);

}  // namespace omma
