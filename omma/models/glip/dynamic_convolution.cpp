#include "omma/models/glip/dynamic_convolution.h"

#include "omma/models/glip/pyramid.h"
#include "omma/nn/deformable_convolution.h"

namespace omma::glip {
namespace {

constexpr int64_t taps = 9;       // of a 3 x 3 filter
constexpr int64_t reduction = 4;  // of a dynamic ReLU's inner width

Tensor mean_of(const Tensor& map) { return map.mean({2, 3}); }  // [B, C]

}  // namespace

DeformableBlockImpl::DeformableBlockImpl(const Config& config, int64_t stride)
    : stride_(stride),
      convolution_(register_module("convolution", padded_convolution(config.d_model, config.d_model, 3, stride))),
      norm_(register_module(
          "norm",
          torch::nn::GroupNorm(torch::nn::GroupNormOptions(config.norm_groups, config.d_model).eps(config.layer_norm_eps)))) {}

Tensor DeformableBlockImpl::forward(const Tensor& map, const Tensor& offsets, const Tensor& mask) {
  const int64_t height = (map.size(2) - 1) / stride_ + 1, width = (map.size(3) - 1) / stride_ + 1;
  const DeformableFilter filter{.weight = convolution_->weight, .bias = convolution_->bias, .stride = stride_, .padding = 1};
  return norm_(
      deformable_convolution(map, reinterpreted_maps(offsets, height, width), reinterpreted_maps(mask, height, width), filter));
}

DynamicReluImpl::DynamicReluImpl(int64_t channels)
    : fc1_(register_module("fc1", Linear(channels, channels / reduction))),
      fc2_(register_module("fc2", Linear(channels / reduction, 4 * channels))) {}

Tensor DynamicReluImpl::forward(const Tensor& map) {
  const Tensor numbers = at::hardsigmoid(fc2_(fc1_(mean_of(map)).relu())) - 0.5;  // [B, 4 C]
  const auto of = numbers.unsqueeze(-1).unsqueeze(-1).chunk(4, 1);                // slope, shift, slope, shift: [B, C, 1, 1]
  return torch::maximum(map * (2 * of[0] + 1) + of[1], map * (2 * of[2]) + of[3]);
}

DynamicConvolutionImpl::DynamicConvolutionImpl(const Config& config)
    : own_(register_module("own", DeformableBlock(config, 1))),
      finer_(register_module("finer", DeformableBlock(config, 2))),
      coarser_(register_module("coarser", DeformableBlock(config, 1))),
      offset_(register_module("offset", padded_convolution(config.d_model, 3 * taps, 3))),
      scale_(register_module("scale", padded_convolution(config.d_model, 1, 1))),
      relu_(register_module("relu", DynamicRelu(config.d_model))) {}

std::vector<Tensor> DynamicConvolutionImpl::forward(const std::vector<Tensor>& maps) {
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < maps.size(); ++i) results.push_back(level(maps, i));
  return results;
}

Tensor DynamicConvolutionImpl::level(const std::vector<Tensor>& maps, std::size_t i) {
  const Tensor numbers = offset_(maps[i]);  // [B, 27, H, W]
  const Tensor offsets = numbers.narrow(1, 0, 2 * taps), mask = numbers.narrow(1, 2 * taps, taps).sigmoid();
  std::vector<Tensor> parts = {own_(maps[i], offsets, mask)};
  if (i > 0) parts.push_back(finer_(maps[i - 1], offsets, mask));
  if (i + 1 < maps.size())
    parts.push_back(at::upsample_bilinear2d(coarser_(maps[i + 1], offsets, mask), {maps[i].size(2), maps[i].size(3)},
                                            /*align_corners=*/true));
  Tensor sum;
  for (const Tensor& part : parts) {
    const Tensor weight = at::hardsigmoid(scale_(mean_of(part).unsqueeze(-1).unsqueeze(-1)).relu());  // [B, 1, 1, 1]
    sum = sum.defined() ? sum + part * weight : part * weight;
  }
  return relu_(sum / static_cast<double>(parts.size()));
}

}  // namespace omma::glip
