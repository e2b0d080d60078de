#include "omma/models/glip/pyramid.h"

#include <fmt/format.h>

#include "omma/nn/layers.h"

namespace omma::glip {
torch::nn::Conv2d padded_convolution(int64_t in, int64_t out, int64_t size, int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, size).stride(stride).padding(size / 2));
}

PyramidImpl::PyramidImpl(const Config& config)
    : p6_(register_module("p6", padded_convolution(config.d_model, config.d_model, 3, 2))),
      p7_(register_module("p7", padded_convolution(config.d_model, config.d_model, 3, 2))) {
  for (const int64_t stage : config.backbone_config.out_indices) {
    const int64_t in = config.backbone_config.channels(stage);
    inner_.push_back(register_at(*this, fmt::format("inner.{}", inner_.size()), padded_convolution(in, config.d_model, 1)));
    layer_.push_back(
        register_at(*this, fmt::format("layer.{}", layer_.size()), padded_convolution(config.d_model, config.d_model, 3)));
  }
}

std::vector<Tensor> PyramidImpl::forward(const std::vector<Tensor>& maps) {
  std::vector<Tensor> results(maps.size());
  Tensor coarser;
  for (std::size_t i = maps.size(); i-- > 0;) {
    Tensor inner = inner_[i](maps[i]);
    if (coarser.defined()) inner = inner + at::upsample_nearest2d(coarser, {inner.size(2), inner.size(3)});
    results[i] = layer_[i](inner);
    coarser = inner;
  }
  results.push_back(p6_(results.back()));
  results.push_back(p7_(results.back().relu()));
  return results;
}

}  // namespace omma::glip
