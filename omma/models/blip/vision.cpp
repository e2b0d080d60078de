#include "omma/models/blip/vision.h"

#include <ATen/ops/upsample_bicubic2d.h>
#include <fmt/format.h>

#include "omma/base/error.h"
#include "omma/nn/attention.h"
#include "omma/nn/layers.h"

namespace omma {

class BlipVisionLayerImpl : public torch::nn::Module {
 public:
  explicit BlipVisionLayerImpl(const BlipVisionConfig& config)
      : heads_(config.num_attention_heads),
        attention_dropout_(config.attention_dropout),
        activation_(activation_by_name(config.hidden_act)),
        norm1_(register_module("layer_norm1", layer_norm(config.hidden_size, config.layer_norm_eps))),
        qkv_(register_at(*this, "self_attn.qkv", Linear(config.hidden_size, 3 * config.hidden_size))),
        projection_(register_at(*this, "self_attn.projection", Linear(config.hidden_size, config.hidden_size))),
        norm2_(register_module("layer_norm2", layer_norm(config.hidden_size, config.layer_norm_eps))),
        fc1_(register_at(*this, "mlp.fc1", Linear(config.hidden_size, config.intermediate_size))),
        fc2_(register_at(*this, "mlp.fc2", Linear(config.intermediate_size, config.hidden_size))) {}

  Tensor forward(const Tensor& x) {                 // [B, S, C]
    const auto qkv = qkv_(norm1_(x)).chunk(3, -1);  // each [B, S, C]
    const Tensor context = attention(split_heads(qkv[0], heads_), split_heads(qkv[1], heads_), split_heads(qkv[2], heads_), {},
                                     is_training() ? attention_dropout_ : 0);
    const Tensor attended = x + projection_(merge_heads(context));
    return attended + feed_forward(norm2_(attended), fc1_, fc2_, activation_);
  }

 private:
  int64_t heads_;
  double attention_dropout_;
  Activation activation_;
  torch::nn::LayerNorm norm1_;
  Linear qkv_, projection_;
  torch::nn::LayerNorm norm2_;
  Linear fc1_, fc2_;
};

BlipVisionModelImpl::BlipVisionModelImpl(const BlipVisionConfig& config) : config_(config) {
  const int64_t channels = config.hidden_size;
  class_embedding_ = register_parameter_at(*this, "embeddings.class_embedding", torch::zeros({1, 1, channels}));
  position_embedding_ =
      register_parameter_at(*this, "embeddings.position_embedding", torch::zeros({1, 1 + config.grid() * config.grid(), channels}));
  patch_embedding_ =
      register_at(*this, "embeddings.patch_embedding",
                  torch::nn::Conv2d(torch::nn::Conv2dOptions(3, channels, config.patch_size).stride(config.patch_size)));
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("encoder.layers.{}", i), std::make_shared<BlipVisionLayerImpl>(config)));
  post_layernorm_ = register_module("post_layernorm", layer_norm(channels, config.layer_norm_eps));
}

Tensor BlipVisionModelImpl::forward(const Tensor& pixels) {
  check(pixels.dim() == 4 && pixels.size(1) == 3 && pixels.size(2) >= config_.patch_size && pixels.size(3) >= config_.patch_size,
        "blip: pixels: expected [B, 3, H, W] of at least one patch of {}, got {}", config_.patch_size, shape(pixels));
  const Tensor grid = patch_embedding_(pixels);            // [B, C, H / patch, W / patch]
  const Tensor patches = grid.flatten(2).transpose(1, 2);  // [B, S - 1, C]
  const Tensor first = class_embedding_.expand({pixels.size(0), 1, -1}).to(patches.dtype());
  Tensor x = torch::cat({first, patches}, 1) + positions(grid.size(2), grid.size(3));  // [B, S, C]
  for (const auto& layer : layers_) x = layer->forward(x);
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
