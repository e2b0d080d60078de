#include "omma/models/video_llava/video_tower.h"

#include <fmt/format.h>

#include <cmath>

#include "omma/base/error.h"
#include "omma/nn/attention.h"
#include "omma/nn/layers.h"

namespace omma {

TemporalAttentionImpl::TemporalAttentionImpl(torch::nn::Module& block, const ClipVisionConfig& config, int64_t frames)
    : frames_(frames), heads_(config.num_attention_heads) {
  const int64_t channels = config.hidden_size;
  const auto projection = [&](const char* name) { return register_at(block, name, Linear(channels, channels)); };
  temporal_embedding_ = register_parameter_at(block, "temporal_embedding", torch::zeros({1, frames, channels}));
  norm_ = register_at(block, "temporal_layer_norm1", layer_norm(channels, config.layer_norm_eps));
  q_proj_ = projection("temporal_attn.q_proj");
  k_proj_ = projection("temporal_attn.k_proj");
  v_proj_ = projection("temporal_attn.v_proj");
  out_proj_ = projection("temporal_attn.out_proj");
}

Tensor TemporalAttentionImpl::forward(const Tensor& x) {
  const int64_t tokens = x.size(1), channels = x.size(2);
  check(x.size(0) % frames_ == 0, "video tower: expected clips of {} frames, got {} frames", frames_, x.size(0));
  Tensor y = x.view({-1, frames_, tokens, channels}).transpose(1, 2);  // [B, S, T, C]
  if (frames_ > 1) y = y + temporal_embedding_;
  const Tensor places = norm_(y).flatten(0, 1);  // [B S, T, C]
  const auto heads = [&](Linear& projection) { return split_heads(projection(places), heads_); };
  const Tensor attended = out_proj_(merge_heads(attention(heads(q_proj_), heads(k_proj_), heads(v_proj_))));
  return (y + attended.view_as(y)).transpose(1, 2).reshape_as(x);
}

void TemporalAttentionImpl::init_weights(int64_t layers) {
  const torch::NoGradGuard no_grad;
  const double wide = std::pow(static_cast<double>(temporal_embedding_.size(2)), -0.5);
  temporal_embedding_.normal_(0, wide);
  for (Linear* projection : {&q_proj_, &k_proj_, &v_proj_})
    (*projection)->weight.normal_(0, wide * std::pow(2.0 * static_cast<double>(layers), -0.5));
  out_proj_->weight.normal_(0, wide);
}

VideoTowerImpl::VideoTowerImpl(const ClipVisionConfig& config, int64_t frames) : ClipVisionModelImpl(config) {
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    moments_.emplace_back(*named_modules("", /*include_self=*/false)[fmt::format("encoder.layers.{}", i)], config, frames);
}

void VideoTowerImpl::init_weights() {
  ClipVisionModelImpl::init_weights();
  for (TemporalAttention& moment : moments_) moment->init_weights(std::ssize(moments_));
}

}  // namespace omma
