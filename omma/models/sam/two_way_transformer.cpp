#include "omma/models/sam/two_way_transformer.h"

#include <fmt/format.h>

#include <cmath>

#include "omma/nn/attention.h"
#include "omma/nn/layers.h"

namespace omma::sam {
namespace {

// a [P, m, k] b' [P or 1, n, k] -> [P, m, n].
Tensor times_transposed(const Tensor& a, const Tensor& b) {
  if (b.size(0) == 1) return omma::linear(a.reshape({-1, a.size(2)}), b[0]).view({a.size(0), a.size(1), b.size(1)});
  return torch::matmul(a, b.transpose(1, 2));
}

// What transformers does not configure.
constexpr double final_eps = 1e-5;
constexpr int64_t layer_downsample_rate = 2;  // attention_downsample_rate is that of the final attention alone

}  // namespace

DecoderAttentionImpl::DecoderAttentionImpl(const MaskDecoderConfig& config, int64_t downsample_rate)
    : heads_(config.num_attention_heads),
      head_channels_(config.hidden_size / downsample_rate / heads_),
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

Tensor DecoderAttentionImpl::project(const Linear& projection, const Tensor& x) const {
  return split_heads(omma::linear(x, projection->full_weight(), projection->bias), heads_).contiguous();
}

void DecoderAttentionImpl::project_keys(ImageRows& image) {
  image.keys = project(k_proj_, image.placed);
  image.values = project(v_proj_, image.rows);
}

void DecoderAttentionImpl::project_queries(ImageRows& image) { image.queries = project(q_proj_, image.placed); }

Tensor DecoderAttentionImpl::tokens_to_image(const Tensor& query, const ImageRows& image) {
  const int64_t prompts = query.size(0), tokens = query.size(1), channels = query.size(2);
  const Tensor q = split_heads(q_proj_(query), heads_);  // [P, N, T, D]
  if (image.keys.defined()) {
    if (image.keys.size(0) == prompts) return out_proj_(merge_heads(attention(q, image.keys, image.values)));
    // One picture for all prompts: their tokens side by side.
    const Tensor all = q.transpose(0, 1).reshape({1, heads_, prompts * tokens, head_channels_});
    return out_proj_(merge_heads(attention(all, image.keys, image.values)).reshape({prompts, tokens, -1}));
  }
  // The key's bias adds the same to all scores of a query, which no softmax sees.
  const Tensor folded = torch::matmul(q, heads_of(k_proj_)).reshape({prompts, heads_ * tokens, channels});
  const double scale = 1 / std::sqrt(static_cast<double>(head_channels_));
  const Tensor weights = torch::softmax(times_transposed(folded * scale, image.placed), -1);  // [P, N T, S]
  const Tensor seen = torch::matmul(weights, image.rows).view({prompts, heads_, tokens, channels});
  return out_proj_(merge_heads(torch::matmul(seen, heads_of(v_proj_).transpose(1, 2))) + v_proj_->bias);
}

Tensor DecoderAttentionImpl::image_to_tokens(const ImageRows& image, const Tensor& key, const Tensor& value) {
  const int64_t prompts = key.size(0), tokens = key.size(1), channels = key.size(2);
  const int64_t positions = image.rows.size(1);
  const Tensor k = split_heads(k_proj_(key), heads_) / std::sqrt(static_cast<double>(head_channels_));  // [P, N, T, D]
  const Tensor v = split_heads(v_proj_(value), heads_);
  Tensor scores;  // [P, N, T, S]: a softmax over T is a sum of few rows
  if (!image.queries.defined()) {
    const Tensor folded = torch::matmul(k, heads_of(q_proj_)).reshape({prompts, heads_ * tokens, channels});
    const Tensor offsets = torch::matmul(k, q_proj_->bias.view({heads_, -1, 1}));  // [P, N, T, 1]
    scores = times_transposed(folded, image.placed).view({prompts, heads_, tokens, positions}) + offsets;
  } else if (image.queries.size(0) == prompts) {
    scores = torch::matmul(k, image.queries.transpose(2, 3));
  } else {
    const Tensor all = k.transpose(0, 1).reshape({heads_, prompts * tokens, head_channels_});
    scores = torch::matmul(all, image.queries[0].transpose(1, 2)).view({heads_, prompts, tokens, positions}).transpose(0, 1);
  }
  const Tensor weights = torch::softmax(scores, 2).reshape({prompts, heads_ * tokens, positions});
  // What each head makes of each token, through its part of the output's projection; weights of a head add up to one, so that the
  // first head's values can carry the bias.
  const Tensor output_heads = out_proj_->full_weight().view({channels, heads_, -1}).permute({1, 2, 0});       // [N, D, C]
  const Tensor bias = torch::constant_pad_nd(out_proj_->bias.view({1, 1, -1}), {0, 0, 0, 0, 0, heads_ - 1});  // [N, 1, C]
  const Tensor values = (torch::matmul(v, output_heads) + bias).reshape({prompts, heads_ * tokens, channels});
  if (torch::GradMode::is_enabled())
    return image.rows + torch::bmm(weights.transpose(1, 2), values);  // autocast keeps the rows' type
  return torch::baddbmm(image.rows.expand({prompts, -1, -1}), weights.transpose(1, 2), values);
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

void TwoWayLayerImpl::project(ImageRows& image) {
  tokens_to_image_->project_keys(image);
  image_to_tokens_->project_queries(image);
}

TwoWayState TwoWayLayerImpl::forward(const Tensor& input, const Tensor& positions, const ImageRows& image) {
  const Tensor placed = input + positions;
  Tensor tokens =
      norm1_(first_ ? self_attn_->among_tokens({input, input, input}) : input + self_attn_->among_tokens({placed, placed, input}));
  tokens = norm2_(tokens + tokens_to_image_->tokens_to_image(tokens + positions, image));
  tokens = norm3_(tokens + feed_forward(tokens, lin1_, lin2_, activation_));
  const Tensor seen = image_to_tokens_->image_to_tokens(image, tokens + positions, tokens);
  return {.tokens = tokens, .image = norm4_(seen)};
}

TwoWayTransformerImpl::TwoWayTransformerImpl(const MaskDecoderConfig& config)
    : final_attention_(register_module("final_attn_token_to_image", DecoderAttention(config, config.attention_downsample_rate))),
      final_norm_(register_module("layer_norm_final_attn", layer_norm(config.hidden_size, final_eps))) {
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("layers.{}", i), TwoWayLayer(config, i == 0)));
}

ImageRows TwoWayTransformerImpl::projected(const Tensor& image, const Tensor& positions) {
  ImageRows rows = rows_of(image, positions);
  layers_.front()->project(rows);
  return rows;
}

TwoWayState TwoWayTransformerImpl::forward(const Tensor& tokens, const ImageRows& image, const Tensor& positions) {
  TwoWayState state{.tokens = tokens, .image = image.rows};
  ImageRows rows = image;
  for (TwoWayLayer& layer : layers_) {
    if (!rows.keys.defined() && !layer->moves_pay(rows.rows.size(0), tokens.size(0) * tokens.size(1))) layer->project(rows);
    state = layer(state.tokens, tokens, rows);
    rows = rows_of(state.image, positions);
  }
  if (!final_attention_->moves_pay(rows.rows.size(0), tokens.size(0) * tokens.size(1))) final_attention_->project_keys(rows);
  const Tensor seen = final_attention_->tokens_to_image(state.tokens + tokens, rows);
  return {.tokens = final_norm_(state.tokens + seen), .image = state.image};
}

}  // namespace omma::sam
