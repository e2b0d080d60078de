// The feature pyramid (Lin et al. 2017): every map of the backbone with what the coarser ones know added, and two more below them.
//
// B batch, C channels.
#pragma once

#include <vector>

#include "omma/models/glip/config.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::glip {

// size x size, padded by half of that: as large as its input, or half of it.
torch::nn::Conv2d padded_convolution(int64_t in, int64_t out, int64_t size, int64_t stride = 1);

class PyramidImpl : public torch::nn::Module {
 public:
  explicit PyramidImpl(const Config& config);

  // Three maps [B, ., H, W] from fine to coarse, each half as large as the one before (rounded up) -> five of [B, C, H, W], P3 to
  // P7. P6 is made of P5, not of the backbone's map as in RetinaNet.
  std::vector<Tensor> forward(const std::vector<Tensor>& maps);

 private:
  std::vector<torch::nn::Conv2d> inner_, layer_;  // of P3, P4, P5
  torch::nn::Conv2d p6_, p7_;
};
TORCH_MODULE(Pyramid);

}  // namespace omma::glip
