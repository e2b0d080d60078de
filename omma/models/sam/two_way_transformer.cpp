#include "omma/models/sam/two_way_transformer.h"

#include <fmt/format.h>

#include <cmath>

#include "omma/nn/attention.h"
#include "omma/nn/layers.h"

namespace omma::sam {
namespace {

// A picture's side for every prompt.
Tensor for_each_prompt(const Tensor& image, int64_t prompts) { return image.expand({prompts, -1, -1}); }

// What transformers does not configure.
constexpr double final_eps = 1e-5;
constexpr int64_t layer_downsample_rate = 2;  // attention_downsample_rate is that of the final attention alone

}  // namespace

DecoderAttentionImpl::DecoderAttentionImpl(const MaskDecoderConfig& config, int64_t downsample_rate)
    : heads_(config.num_attention_heads),
      q_proj_(register_module("q_proj", folded_linear(config.hidden_size, config.hidden_size / downsample_rate))),
      k_proj_(register_module("k_proj", folded_linear(config.hidden_size, config.hidden_size / downsample_rate))),
      v_proj_(register_module("v_proj", folded_linear(config.hidden_size, config.hidden_size / downsample_rate))),
      out_proj_(register_module("out_proj", folded_linear(config.hidden_size / downsample_rate, config.hidden_size))) {}

Tensor DecoderAttentionImpl::among_tokens(const Input& input) {
  const Tensor q = split_heads(q_proj_(input.query), heads_), k = split_heads(k_proj_(input.key), heads_);
  return out_proj_(merge_heads(attention(q, k, split_heads(v_proj_(input.value), heads_))));
}

Tensor DecoderAttentionImpl::heads_of(const Linear& projection) const {
  return projection->full_weight().view({heads_, -1, projection->weight.size(1)});
}

// Whether a product with N T folded columns for each prompt costs less than the projection to N D, once for all or for each.
bool DecoderAttentionImpl::moves_pay(const Tensor& image, const Tensor& tokens) const {
  const int64_t prompts = tokens.size(0), folded = heads_ * tokens.size(1), projected = q_proj_->weight.size(0);
  return prompts * folded < image.size(0) * projected;
}

Tensor DecoderAttentionImpl::tokens_to_image(const Input& input) {
  const int64_t prompts = input.query.size(0), tokens = input.query.size(1), channels = input.query.size(2);
  const Tensor q = split_heads(q_proj_(input.query), heads_);  // [P, N, T, D]
  if (!moves_pay(input.key, input.query)) {
    const auto heads = [&](const Tensor& projected) { return split_heads(for_each_prompt(projected, prompts), heads_); };
    return out_proj_(merge_heads(attention(q, heads(k_proj_(input.key)), heads(v_proj_(input.value)))));
  }
  // The key's bias adds the same to all scores of a query, which no softmax sees.
  const Tensor folded = torch::matmul(q, heads_of(k_proj_)).view({prompts, heads_ * tokens, channels});
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
  const Tensor weights = torch::softmax(torch::matmul(folded * scale, input.key.transpose(1, 2)), -1);  // [P, N T, S]
  const Tensor seen = torch::matmul(weights, input.value).view({prompts, heads_, tokens, channels});
  return out_proj_(merge_heads(torch::matmul(seen, heads_of(v_proj_).transpose(1, 2))) + v_proj_->bias);
}

Tensor DecoderAttentionImpl::image_to_tokens(const Input& input) {
  const int64_t prompts = input.key.size(0), tokens = input.key.size(1), channels = input.key.size(2);
  const int64_t positions = input.query.size(1);
  const Tensor k = split_heads(k_proj_(input.key), heads_), v = split_heads(v_proj_(input.value), heads_);  // [P, N, T, D]
  const double scale = 1 / std::sqrt(static_cast<double>(k.size(3)));
  Tensor scores;  // [P, S, N, T]
  if (moves_pay(input.query, input.key)) {
    const Tensor folded = torch::matmul(k, heads_of(q_proj_)).view({prompts, heads_ * tokens, channels});
    const Tensor offsets = torch::matmul(k, q_proj_->bias.view({heads_, -1, 1})).view({prompts, 1, heads_ * tokens});
    scores = torch::matmul(input.query, (folded * scale).transpose(1, 2)) + offsets * scale;
    scores = scores.view({prompts, positions, heads_, tokens});
  } else {
    const Tensor q = split_heads(q_proj_(input.query), heads_);  // [P or 1, N, S, D]
    scores = torch::matmul(q, (k * scale).transpose(2, 3)).transpose(1, 2);
  }
  const Tensor weights = torch::softmax(scores, -1).reshape({prompts, positions, heads_ * tokens});
  // What each head makes of each token, through its part of the output's projection.
  const Tensor output_heads = out_proj_->full_weight().view({channels, heads_, -1}).permute({1, 2, 0});  // [N, D, C]
  const Tensor values = torch::matmul(v, output_heads).view({prompts, heads_ * tokens, channels});
  return torch::matmul(weights, values) + out_proj_->bias;
}

TwoWayLayerImpl::TwoWayLayerImpl(const MaskDecoderConfig& config, bool first)
    : first_(first),
      activation_(activation_by_name(config.hidden_act)),
      self_attn_(register_module("self_attn", DecoderAttention(config, 1))),
      tokens_to_image_(register_module("cross_attn_token_to_image", DecoderAttention(config, layer_downsample_rate))),
      image_to_tokens_(register_module("cross_attn_image_to_token", DecoderAttention(config, layer_downsample_rate))),
      norm1_(register_module("layer_norm1", layer_norm(config.hidden_size, config.layer_norm_eps))),
      norm2_(register_module("layer_norm2", layer_norm(config.hidden_size, config.layer_norm_eps))),
      norm3_(register_module("layer_norm3", layer_norm(config.hidden_size, config.layer_norm_eps))),
      norm4_(register_module("layer_norm4", layer_norm(config.hidden_size, config.layer_norm_eps))),
      lin1_(register_at(*this, "mlp.lin1", Linear(config.hidden_size, config.mlp_dim))),
      lin2_(register_at(*this, "mlp.lin2", Linear(config.mlp_dim, config.hidden_size))) {}

TwoWayState TwoWayLayerImpl::forward(const TwoWayState& state, const TwoWayState& positions) {
  Tensor tokens = state.tokens, placed = tokens + positions.tokens;
  tokens = norm1_(first_ ? self_attn_->among_tokens({tokens, tokens, tokens})
                         : tokens + self_attn_->among_tokens({placed, placed, tokens}));

  const Tensor placed_image = state.image + positions.image;
  tokens = norm2_(tokens + tokens_to_image_->tokens_to_image({tokens + positions.tokens, placed_image, state.image}));
  tokens = norm3_(tokens + feed_forward(tokens, lin1_, lin2_, activation_));

  const Tensor seen = image_to_tokens_->image_to_tokens({placed_image, tokens + positions.tokens, tokens});
  return {.tokens = tokens, .image = norm4_(state.image + seen)};
}

TwoWayTransformerImpl::TwoWayTransformerImpl(const MaskDecoderConfig& config)
    : final_attention_(register_module("final_attn_token_to_image", DecoderAttention(config, config.attention_downsample_rate))),
      final_norm_(register_module("layer_norm_final_attn", layer_norm(config.hidden_size, final_eps))) {
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("layers.{}", i), TwoWayLayer(config, i == 0)));
}

TwoWayState TwoWayTransformerImpl::forward(const TwoWayState& input, const Tensor& positions) {
  TwoWayState state = input;
  for (TwoWayLayer& layer : layers_) state = layer(state, TwoWayState{.tokens = input.tokens, .image = positions});
  const Tensor seen = final_attention_->tokens_to_image({state.tokens + input.tokens, state.image + positions, state.image});
  return {.tokens = final_norm_(state.tokens + seen), .image = state.image};
}

}  // namespace omma::sam
