#include "omma/models/blip/vision.h"

#include <ATen/ops/upsample_bicubic2d.h>
#include <fmt/format.h>

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma {

namespace {

VitBlockOptions block_options(const BlipVisionConfig& config) {
  return {.hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .heads = config.num_attention_heads,
          .activation = activation_by_name(config.hidden_act),
          .norm_eps = config.layer_norm_eps,
          .attention_dropout = config.attention_dropout,
          .qkv_bias = config.qkv_bias};
}

}  // namespace

BlipVisionModelImpl::BlipVisionModelImpl(const BlipVisionConfig& config) : config_(config) {
  const int64_t channels = config.hidden_size;
  class_embedding_ = register_parameter_at(*this, "embeddings.class_embedding", torch::zeros({1, 1, channels}));
  position_embedding_ =
      register_parameter_at(*this, "embeddings.position_embedding", torch::zeros({1, 1 + config.grid() * config.grid(), channels}));
  patch_embedding_ =
      register_at(*this, "embeddings.patch_embedding",
                  torch::nn::Conv2d(torch::nn::Conv2dOptions(3, channels, config.patch_size).stride(config.patch_size)));
  if (config.pre_layernorm.value_or(false))
    pre_layernorm_ = register_module("pre_layernorm", layer_norm(channels, config.layer_norm_eps));
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("encoder.layers.{}", i), VitBlock(block_options(config))));
  post_layernorm_ = register_module("post_layernorm", layer_norm(channels, config.layer_norm_eps));
}

Tensor BlipVisionModelImpl::forward(const Tensor& pixels) {
  check(pixels.dim() == 4 && pixels.size(1) == 3 && pixels.size(2) >= config_.patch_size && pixels.size(3) >= config_.patch_size,
        "blip: pixels: expected [B, 3, H, W] of at least one patch of {}, got {}", config_.patch_size, shape(pixels));
  const Tensor grid = patch_embedding_(pixels);            // [B, C, H / patch, W / patch]
  const Tensor patches = grid.flatten(2).transpose(1, 2);  // [B, S - 1, C]
  const Tensor first = class_embedding_.expand({pixels.size(0), 1, -1}).to(patches.dtype());
  Tensor x = torch::cat({first, patches}, 1) + positions(grid.size(2), grid.size(3));  // [B, S, C]
  if (!pre_layernorm_.is_empty()) x = pre_layernorm_(x);
  for (VitBlock& layer : layers_) x = layer(x);
  return post_layernorm_(x);
}

Tensor BlipVisionModelImpl::positions(int64_t rows, int64_t columns) const {
  const int64_t side = config_.grid();
  if (rows == side && columns == side) return position_embedding_;
  const Tensor grid =
      position_embedding_.narrow(1, 1, side * side).transpose(1, 2).unflatten(2, {side, side});  // [1, C, side, side]
  const Tensor resized = at::upsample_bicubic2d(grid, {rows, columns}, /*align_corners=*/false);
  return torch::cat({position_embedding_.narrow(1, 0, 1), resized.flatten(2).transpose(1, 2)}, 1);
}

}  // namespace omma
