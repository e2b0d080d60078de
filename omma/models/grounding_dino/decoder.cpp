#include "omma/models/grounding_dino/decoder.h"

#include <fmt/format.h>

#include "omma/nn/layers.h"
#include "omma/nn/position.h"

namespace omma::grounding_dino {

DecoderLayerImpl::DecoderLayerImpl(const Config& config)
    : dropout_(config.dropout),
      activation_dropout_(config.activation_dropout),
      activation_(activation_by_name(config.activation_function)) {
  const MultiheadAttentionImpl::Options attention{
      .channels = config.d_model, .heads = config.decoder_attention_heads, .dropout = config.attention_dropout};
  const DeformableAttentionImpl::Options sampling{.channels = config.d_model,
                                                  .heads = config.decoder_attention_heads,
                                                  .levels = config.num_feature_levels,
                                                  .points = config.decoder_n_points};
  const auto norm = [&] { return layer_norm(config.d_model, config.layer_norm_eps); };
  self_attn_ = register_module("self_attn", MultiheadAttention(attention));
  self_attn_norm_ = register_module("self_attn_layer_norm", norm());
  text_attn_ = register_module("encoder_attn_text", MultiheadAttention(attention));
  text_attn_norm_ = register_module("encoder_attn_text_layer_norm", norm());
  image_attn_ = register_module("encoder_attn", DeformableAttention(sampling));
  image_attn_norm_ = register_module("encoder_attn_layer_norm", norm());
  fc1_ = register_module("fc1", Linear(config.d_model, config.decoder_ffn_dim));
  fc2_ = register_module("fc2", Linear(config.decoder_ffn_dim, config.d_model));
  final_norm_ = register_module("final_layer_norm", norm());
}

Tensor DecoderLayerImpl::forward(const DecoderInput& input, const LayerQueries& queries, const VisionFeatures& vision) {
  const auto add = [&](const Tensor& x, const Tensor& update, torch::nn::LayerNorm& norm) {
    return norm(x + torch::dropout(update, dropout_, is_training()));
  };
  Tensor x = queries.content;
  const Tensor placed = x + queries.position;
  x = add(x, self_attn_(placed, placed, x, input.attention_mask), self_attn_norm_);
  const Tensor words = input.token_mask.unsqueeze(1).unsqueeze(1);  // [B, 1, 1, T]
  x = add(x, text_attn_(x + queries.position, input.text, input.text, words), text_attn_norm_);
  x = add(x, image_attn_(x + queries.position, queries.references, vision), image_attn_norm_);
  const FeedForwardDropout dropout{.inner = activation_dropout_, .outer = 0, .training = is_training()};
  return add(x, feed_forward(x, fc1_, fc2_, activation_, dropout), final_norm_);
}

DecoderImpl::DecoderImpl(const Config& config)
    : channels_(config.d_model),
      norm_(register_module("layer_norm", layer_norm(config.d_model, config.layer_norm_eps))),
      position_head_(register_module(
          "reference_points_head",
          Mlp(MlpImpl::Options{.in = 2 * config.d_model, .hidden = config.d_model, .out = config.d_model, .depth = 2}))) {
  for (int64_t i = 0; i < config.decoder_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("layers.{}", i), DecoderLayer(config)));
}

DecoderOutput DecoderImpl::forward(const DecoderInput& input, const VisionFeatures& vision, DetectionHeads& heads,
                                   const Probe& probe) {
  const Tensor scale = torch::cat({vision.valid_ratios, vision.valid_ratios}, -1).unsqueeze(1);  // [B, 1, L, 4]
  DecoderOutput output;
  Tensor x = input.queries, boxes = input.boxes;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Tensor references = boxes.unsqueeze(2) * scale;  // [B, Q, L, 4] of padded maps
    const Tensor position = position_head_(sine_embedding(references.select(2, 0), channels_ / 2)).to(x.scalar_type());
    x = layers_[i](input, LayerQueries{x, position, references}, vision);
    output.references.push_back(boxes);
    output.queries.push_back(norm_(x));
    probe("decoder", i, "queries", output.queries.back());
    probe("decoder", i, "references", boxes);
    if (i + 1 < layers_.size()) boxes = heads.refine(i, x, boxes).detach();
  }
  return output;
}

}  // namespace omma::grounding_dino
