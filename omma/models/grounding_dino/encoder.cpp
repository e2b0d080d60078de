#include "omma/models/grounding_dino/encoder.h"

#include <fmt/format.h>

#include "omma/nn/layers.h"
#include "omma/nn/position.h"

namespace omma::grounding_dino {

TextEnhancerLayerImpl::TextEnhancerLayerImpl(const Config& config)
    : dropout_(config.text_enhancer_dropout),
      activation_(activation_by_name(config.activation_function)),
      self_attn_(register_module(
          "self_attn",
          MultiheadAttention(MultiheadAttentionImpl::Options{
              .channels = config.d_model, .heads = config.encoder_attention_heads / 2, .dropout = config.attention_dropout}))),
      fc1_(register_module("fc1", Linear(config.d_model, config.encoder_ffn_dim / 2))),
      fc2_(register_module("fc2", Linear(config.encoder_ffn_dim / 2, config.d_model))),
      norm_before_(register_module("layer_norm_before", layer_norm(config.d_model, config.layer_norm_eps))),
      norm_after_(register_module("layer_norm_after", layer_norm(config.d_model, config.layer_norm_eps))) {}

Tensor TextEnhancerLayerImpl::forward(const Tensor& text, const Tensor& position, const Tensor& mask) {
  const Tensor placed = text + position;
  const Tensor attended = norm_before_(text + torch::dropout(self_attn_(placed, placed, text, mask), dropout_, is_training()));
  const FeedForwardDropout dropout{.inner = dropout_, .outer = dropout_, .training = is_training()};
  return norm_after_(attended + feed_forward(attended, fc1_, fc2_, activation_, dropout));
}

DeformableLayerImpl::DeformableLayerImpl(const Config& config)
    : dropout_(config.dropout),
      activation_dropout_(config.activation_dropout),
      activation_(activation_by_name(config.activation_function)),
      self_attn_(
          register_module("self_attn", DeformableAttention(DeformableAttentionImpl::Options{.channels = config.d_model,
                                                                                            .heads = config.encoder_attention_heads,
                                                                                            .levels = config.num_feature_levels,
                                                                                            .points = config.encoder_n_points}))),
      self_attn_norm_(register_module("self_attn_layer_norm", layer_norm(config.d_model, config.layer_norm_eps))),
      fc1_(register_module("fc1", Linear(config.d_model, config.encoder_ffn_dim))),
      fc2_(register_module("fc2", Linear(config.encoder_ffn_dim, config.d_model))),
      final_norm_(register_module("final_layer_norm", layer_norm(config.d_model, config.layer_norm_eps))) {}

Tensor DeformableLayerImpl::forward(const VisionFeatures& vision, const Tensor& references) {
  const Tensor update = self_attn_(vision.features + vision.position, references, vision);
  const Tensor attended = self_attn_norm_(vision.features + torch::dropout(update, dropout_, is_training()));
  const FeedForwardDropout dropout{.inner = activation_dropout_, .outer = dropout_, .training = is_training()};
  return final_norm_(attended + feed_forward(attended, fc1_, fc2_, activation_, dropout));
}

namespace {

FusionOptions fusion_options(const Config& config) {
  const int64_t heads = config.encoder_attention_heads / 2;
  return {.vision_channels = config.d_model,
          .text_channels = config.d_model,
          .inner_channels = heads * (config.encoder_ffn_dim / config.encoder_attention_heads),
          .heads = heads,
          .norm_eps = config.layer_norm_eps,
          .dropout = config.fusion_dropout,
          .drop_path = config.fusion_droppath};
}

}  // namespace

FeatureEnhancerImpl::FeatureEnhancerImpl(const Config& config) : channels_(config.d_model) {
  for (int64_t i = 0; i < config.encoder_layers; ++i) {
    const std::string name = fmt::format("layers.{}.", i);
    Layer layer;
    layer.text = register_at(*this, name + "text_enhancer_layer", TextEnhancerLayer(config));
    layer.vision = register_at(*this, name + "deformable_layer", DeformableLayer(config));
    if (config.fusion.value_or(true)) layer.fusion = register_at(*this, name + "fusion_layer", FusionLayer(fusion_options(config)));
    layers_.push_back(std::move(layer));
  }
}

EnhancedFeatures FeatureEnhancerImpl::forward(const VisionFeatures& vision, const TextFeatures& text, const Probe& probe) {
  const Tensor references = reference_points(vision);
  const Tensor position = sine_embedding(text.position_ids.unsqueeze(-1), channels_).to(text.features.scalar_type());
  const Tensor mask = text.self_attention_mask.unsqueeze(1);  // [B, 1, T, T]
  VisionFeatures picture = vision;
  Tensor words = text.features;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    if (layer.fusion) {
      FusedFeatures fused = layer.fusion(picture.features, words, picture.mask, text.token_mask);
      picture.features = std::move(fused.vision);
      words = std::move(fused.text);
    }
    words = layer.text(words, position, mask);
    picture.features = layer.vision(picture, references);
    probe("encoder", i, "vision", picture.features);
    probe("encoder", i, "text", words);
  }
  return {std::move(picture), std::move(words)};
}

Tensor reference_points(const VisionFeatures& vision) {
  const auto options = vision.valid_ratios.options();
  std::vector<Tensor> points;
  for (std::size_t level = 0; level < vision.levels.size(); ++level) {
    const auto [height, width] = vision.levels[level];
    const Tensor ratio = vision.valid_ratios.select(1, static_cast<int64_t>(level));  // [B, 2], (x, y)
    const auto centres = [&](int64_t size, int64_t axis) {                            // [B, size] in 0..1 of the picture
      return (torch::arange(size, options) + 0.5).unsqueeze(0) / (ratio.narrow(1, axis, 1) * size);
    };
    const Tensor x = centres(width, 0).unsqueeze(1).expand({-1, height, width});
    const Tensor y = centres(height, 1).unsqueeze(2).expand({-1, height, width});
    points.push_back(torch::stack({x, y}, -1).flatten(1, 2));
  }
  return torch::cat(points, 1).unsqueeze(2) * vision.valid_ratios.unsqueeze(1);
}

}  // namespace omma::grounding_dino
