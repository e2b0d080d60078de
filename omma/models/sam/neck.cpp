#include "omma/models/sam/neck.h"

#include "omma/nn/layers.h"

namespace omma::sam {

Tensor normalise_channels(const Tensor& map, torch::nn::LayerNorm& norm) {
  return norm(map.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
}

NeckImpl::NeckImpl(const Options& options)
    : conv1_(register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(options.in, options.out, 1).bias(false)))),
      conv2_(register_module("conv2",
                             torch::nn::Conv2d(torch::nn::Conv2dOptions(options.out, options.out, 3).padding(1).bias(false)))),
      norm1_(register_module("layer_norm1", layer_norm(options.out, options.eps))),
      norm2_(register_module("layer_norm2", layer_norm(options.out, options.eps))) {}

Tensor NeckImpl::forward(const Tensor& map) {
  const Tensor narrow = normalise_channels(conv1_(map), norm1_);
  return normalise_channels(conv2_(narrow), norm2_);
}

}  // namespace omma::sam
