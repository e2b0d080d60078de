#include "omma/nn/clip_vision.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma {

void ClipVisionConfig::validate(Faults& faults) const {
  faults.expect(hidden_size % num_attention_heads == 0, "hidden_size: expected a multiple of {} heads, got {}", num_attention_heads,
                hidden_size);
  faults.expect(patch_size <= image_size, "patch_size: expected at most image_size {}, got {}", image_size, patch_size);
  faults.expect(is_activation(hidden_act), "hidden_act: unknown activation \"{}\"", hidden_act);
}

VitBlockNames clip_block_names() {
  VitBlockNames names;
  names.qkv = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"};
  names.projection = "self_attn.out_proj";
  return names;
}

ClipVisionModelImpl::ClipVisionModelImpl(const ClipVisionConfig& config) : config_(config) {
  const int64_t channels = config.hidden_size;
  class_embedding_ = register_parameter_at(*this, "embeddings.class_embedding", torch::zeros({channels}));
  patch_embedding_ = register_at(
      *this, "embeddings.patch_embedding",
      torch::nn::Conv2d(
          torch::nn::Conv2dOptions(config.num_channels, channels, config.patch_size).stride(config.patch_size).bias(false)));
  position_embedding_ =
      register_at(*this, "embeddings.position_embedding", torch::nn::Embedding(1 + config.grid() * config.grid(), channels));
  pre_norm_ = register_module("pre_layrnorm", layer_norm(channels, config.layer_norm_eps));  // the checkpoints' spelling
  const VitBlockOptions block{.hidden_size = channels,
                              .intermediate_size = config.intermediate_size,
                              .heads = config.num_attention_heads,
                              .activation = activation_by_name(config.hidden_act),
                              .norm_eps = config.layer_norm_eps,
                              .attention_dropout = config.attention_dropout,
                              .names = clip_block_names()};
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("encoder.layers.{}", i), VitBlock(block)));
  post_norm_ = register_module("post_layernorm", layer_norm(channels, config.layer_norm_eps));
}

Tensor ClipVisionModelImpl::embed(const Tensor& pixels) {
  const int64_t side = config_.image_size;
  check(pixels.dim() == 4 && pixels.size(1) == 3 && pixels.size(2) == side && pixels.size(3) == side,
        "clip: pixels: expected [B, 3, {}, {}], got {}", side, side, shape(pixels));
  const Tensor patches = patch_embedding_(pixels).flatten(2).transpose(1, 2);  // [B, S - 1, C]
  const Tensor first = class_embedding_.expand({pixels.size(0), 1, -1}).to(patches.dtype());
  return pre_norm_(torch::cat({first, patches}, 1) + position_embedding_->weight);
}

std::vector<Tensor> ClipVisionModelImpl::hidden_states(const Tensor& pixels, const std::vector<int64_t>& which) {
  const int64_t blocks = std::ssize(layers_);
  check(!which.empty(), "clip: hidden states: expected at least one");
  for (const int64_t state : which)
    check(state >= 0 && state <= blocks, "clip: hidden states: expected 0 to {}, got {}", blocks, state);
  std::vector<Tensor> states(which.size());
  const int64_t last = std::ranges::max(which);
  Tensor x = embed(pixels);
  for (int64_t i = 0; i <= last; ++i) {
    for (std::size_t w = 0; w < which.size(); ++w)
      if (which[w] == i) states[w] = x;
    if (i < last) x = layers_[static_cast<std::size_t>(i)]->forward(before_block(static_cast<std::size_t>(i), x));
  }
  return states;
}

Tensor ClipVisionModelImpl::pooled(const Tensor& pixels) {
  return post_norm_(hidden_states(pixels, {std::ssize(layers_)}).front().select(1, 0));
}

void init_clip_block(VitBlockImpl& block, int64_t channels, int64_t layers) {
  const double wide = std::pow(static_cast<double>(channels), -0.5),
               deep = wide * std::pow(2.0 * static_cast<double>(layers), -0.5);
  for (auto& item : block.named_parameters()) {
    const std::string& name = item.key();
    if (name.ends_with("bias")) {
      item.value().zero_();
    } else if (item.value().dim() > 1) {
      const bool into_stream =
          name.starts_with("mlp.fc2") || (name.starts_with("self_attn") && !name.starts_with("self_attn.out_proj"));
      const bool is_fc1 = name.starts_with("mlp.fc1");
      item.value().normal_(0, is_fc1 ? std::pow(2.0 * static_cast<double>(channels), -0.5) : into_stream ? deep : wide);
    }
  }
}

void ClipVisionModelImpl::init_weights() {
  const torch::NoGradGuard no_grad;
  class_embedding_.normal_(0, std::pow(static_cast<double>(config_.hidden_size), -0.5));
  patch_embedding_->weight.normal_(0, config_.initializer_range);
  position_embedding_->weight.normal_(0, config_.initializer_range);
  for (VitBlock& layer : layers_) init_clip_block(*layer, config_.hidden_size, std::ssize(layers_));
}

}  // namespace omma
