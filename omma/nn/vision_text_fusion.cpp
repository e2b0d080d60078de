#include "omma/nn/vision_text_fusion.h"

#include <cmath>
#include <limits>

#include "omma/nn/attention.h"
#include "omma/nn/layers.h"

namespace omma {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

}  // namespace

BiDirectionalAttentionImpl::BiDirectionalAttentionImpl(const FusionOptions& options)
    : heads_(options.heads), head_channels_(options.inner_channels / options.heads), dropout_(options.dropout) {
  const int64_t vision = options.vision_channels, text = options.text_channels, inner = options.inner_channels;
  vision_proj_ = register_module("vision_proj", folded_linear(vision, inner));
  text_proj_ = register_module("text_proj", Linear(text, inner));
  values_vision_proj_ = register_module("values_vision_proj", folded_linear(vision, inner));
  values_text_proj_ = register_module("values_text_proj", Linear(text, inner));
  out_vision_proj_ = register_module("out_vision_proj", folded_linear(inner, vision));
  out_text_proj_ = register_module("out_text_proj", Linear(inner, text));
}

FusedFeatures BiDirectionalAttentionImpl::forward(const Tensor& vision, const Tensor& text, const Tensor& vision_mask,
                                                  const Tensor& token_mask) {
  const auto batch = vision.size(0), tokens = text.size(1);
  const auto heads = [&](const Tensor& x) { return split_heads(x, heads_); };  // [B, T, E] -> [B, N, T, D]
  const auto per_head = [&](const Tensor& weight) { return weight.view({heads_, head_channels_, -1}); };  // [N, D, C]

  // scores[s, (n, t)] = (x_s Wq_n + bq_n) . k_nt / sqrt(D)
  const Tensor keys = heads(text_proj_(text)) / std::sqrt(static_cast<double>(head_channels_));              // [B, N, T, D]
  const Tensor back = torch::matmul(keys, per_head(vision_proj_->full_weight())).flatten(1, 2);              // [B, N T, C]
  const Tensor bias = torch::matmul(keys, vision_proj_->bias.view({heads_, head_channels_, 1})).flatten(1);  // [B, N T]
  const Tensor scores = torch::matmul(vision, back.transpose(1, 2)) + bias.unsqueeze(1);                     // [B, S, N T]

  Tensor by_word = scores.unflatten(-1, {heads_, tokens});
  if (token_mask.defined()) by_word = by_word.masked_fill(~token_mask.view({batch, 1, 1, tokens}), minus_infinity);
  by_word = torch::dropout(by_word.softmax(-1), dropout_, is_training()).flatten(2);  // [B, S, N T]
  const Tensor values =
      torch::matmul(heads(values_text_proj_(text)), per_head(out_vision_proj_->full_weight().t().contiguous())).flatten(1, 2);
  const Tensor vision_update = torch::matmul(by_word, values) + out_vision_proj_->bias;  // [B, S, C]

  Tensor by_position = vision_mask.defined() ? scores.masked_fill(~vision_mask.unsqueeze(-1), minus_infinity) : scores;
  by_position = torch::dropout(by_position.softmax(1), dropout_, is_training());                          // [B, S, N T]
  const Tensor sums = torch::matmul(by_position.transpose(1, 2), vision).unflatten(1, {heads_, tokens});  // [B, N, T, C]
  const Tensor shares = by_position.sum(1).view({batch, heads_, tokens, 1});                              // 1 but for dropout
  const Tensor read = torch::matmul(sums, per_head(values_vision_proj_->full_weight()).transpose(1, 2)) +
                      shares * values_vision_proj_->bias.view({heads_, 1, head_channels_});  // [B, N, T, D]
  return {vision_update, out_text_proj_(merge_heads(read))};
}

void BiDirectionalAttentionImpl::init_weights() {
  for (auto& projection : {vision_proj_, text_proj_, values_vision_proj_, values_text_proj_, out_vision_proj_, out_text_proj_}) {
    torch::nn::init::xavier_uniform_(projection->weight);
    torch::nn::init::zeros_(projection->bias);
  }
}

FusionLayerImpl::FusionLayerImpl(const FusionOptions& options)
    : drop_path_(options.drop_path),
      initial_scale_(options.initial_scale),
      layer_norm_vision_(register_module("layer_norm_vision", layer_norm(options.vision_channels, options.norm_eps))),
      layer_norm_text_(register_module("layer_norm_text", layer_norm(options.text_channels, options.norm_eps))),
      attn_(register_module("attn", BiDirectionalAttention(options))),
      vision_param_(register_parameter("vision_param", torch::full({options.vision_channels}, initial_scale_))),
      text_param_(register_parameter("text_param", torch::full({options.text_channels}, initial_scale_))) {}

FusedFeatures FusionLayerImpl::forward(const Tensor& vision, const Tensor& text, const Tensor& vision_mask,
                                       const Tensor& token_mask) {
  const Tensor x = layer_norm_vision_(vision), words = layer_norm_text_(text);
  const FusedFeatures update = attn_(x, words, vision_mask, token_mask);
  return {x + drop_path(vision_param_ * update.vision, drop_path_, is_training()),
          words + drop_path(text_param_ * update.text, drop_path_, is_training())};
}

void FusionLayerImpl::init_weights() {
  attn_->init_weights();
  torch::nn::init::constant_(vision_param_, initial_scale_);
  torch::nn::init::constant_(text_param_, initial_scale_);
}

}  // namespace omma
