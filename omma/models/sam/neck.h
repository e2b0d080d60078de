// The neck of SAM's picture encoders: C channels to those that the mask decoder reads.
#pragma once

#include <cstdint>

#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::sam {

// Layer normalisation over the channels of a map [B, C, H, W].
Tensor normalise_channels(const Tensor& map, torch::nn::LayerNorm& norm);

// norm(3x3(norm(1x1(map)))), both convolutions without bias.
class NeckImpl : public torch::nn::Module {
 public:
  struct Options {
    int64_t in, out;
    double eps = 1e-6;
  };
  explicit NeckImpl(const Options& options);

  Tensor forward(const Tensor& map);  // [B, in, H, W] -> [B, out, H, W]

 private:
  torch::nn::Conv2d conv1_, conv2_;
  torch::nn::LayerNorm norm1_, norm2_;
};
TORCH_MODULE(Neck);

}  // namespace omma::sam
