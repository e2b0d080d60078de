#include "omma/models/sam/image_encoder.h"

#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_linear1d.h>
#include <fmt/format.h>

#include "omma/nn/attention.h"
#include "omma/nn/layers.h"
#include "omma/nn/windows.h"

namespace omma::sam {
namespace {

// Stochastic depth grows with the depth.
double drop_path_of(const VisionConfig& config, int64_t index) {
  const int64_t last = std::max<int64_t>(1, config.num_hidden_layers - 1);
  return config.drop_path_rate.value_or(0) * static_cast<double>(index) / static_cast<double>(last);
}

QuantizableLinear linear_of(const VisionConfig& config, int64_t in, int64_t out, bool bias = true) {
  return QuantizableLinear(torch::nn::LinearOptions(in, out).bias(bias), config.int8);
}

}  // namespace

EncoderLayerImpl::EncoderLayerImpl(const VisionConfig& config, int64_t index)
    : heads_(config.num_attention_heads),
      window_(config.is_global(index) ? 0 : config.window_size),
      drop_path_(drop_path_of(config, index)),
      activation_(activation_by_name(config.hidden_act)),
      norm1_(register_module("layer_norm1", layer_norm(config.hidden_size, config.layer_norm_eps))),
      norm2_(register_module("layer_norm2", layer_norm(config.hidden_size, config.layer_norm_eps))),
      qkv_(register_at(*this, "attn.qkv", linear_of(config, config.hidden_size, 3 * config.hidden_size, config.qkv_bias))),
      proj_(register_at(*this, "attn.proj", linear_of(config, config.hidden_size, config.hidden_size))),
      lin1_(register_at(*this, "mlp.lin1", linear_of(config, config.hidden_size, config.inner_size()))),
      lin2_(register_at(*this, "mlp.lin2", linear_of(config, config.inner_size(), config.hidden_size))) {
  if (!config.use_rel_pos) return;
  const int64_t side = window_ > 0 ? window_ : config.grid();
  const auto table = [&](const char* name) {
    return register_parameter_at(*this, name, torch::zeros({2 * side - 1, config.hidden_size / heads_}));
  };
  positions_ = {.rows = table("attn.rel_pos_h"), .columns = table("attn.rel_pos_w")};
}

template <class Attention>
Tensor EncoderLayerImpl::with_attention(const Tensor& x, const Attention& attention) {
  const Tensor attended = x + drop_path(attention(norm1_(x)), drop_path_, is_training());
  return attended + drop_path(feed_forward(norm2_(attended), lin1_, lin2_, activation_), drop_path_, is_training());
}

Tensor EncoderLayerImpl::forward(const Tensor& x) {
  return with_attention(x, [this](const Tensor& normed) { return attend(normed); });
}

Tensor EncoderLayerImpl::forward_patches(const Tensor& x) {
  return with_attention(x, [this](const Tensor& normed) {
    const auto qkv = qkv_(normed).chunk(3, -1);
    const auto heads = [&](const Tensor& each) { return split_heads(each, heads_); };
    return proj_(merge_heads(attention(heads(qkv[0]), heads(qkv[1]), heads(qkv[2]))));
  });
}

Tensor EncoderLayerImpl::attend(const Tensor& x) { return window_ > 0 ? attend_in_windows(x) : proj_(mixed(qkv_(x))).view_as(x); }

Tensor EncoderLayerImpl::attend_in_windows(const Tensor& x) {
  const int64_t height = x.size(1), width = x.size(2), side = window_;
  const Tensor qkv = pad_to_windows(qkv_(x), side, qkv_->bias);  // [B, H', W', 3 C]
  const Tensor windows = mixed(to_windows(qkv, side).unflatten(1, {side, side}));
  return proj_(from_windows(windows, side, qkv.size(1), qkv.size(2)).narrow(1, 0, height).narrow(2, 0, width));
}

Tensor EncoderLayerImpl::mixed(const Tensor& qkv) {
  const GridSize grid{.height = qkv.size(1), .width = qkv.size(2)};
  const auto parts = qkv.flatten(1, 2).chunk(3, -1);  // each [B, S, C]
  const auto heads = [&](const Tensor& each) { return split_heads(each, heads_); };
  return merge_heads(grid_attention(heads(parts[0]), heads(parts[1]), heads(parts[2]), grid, positions_));
}

VitEncoderImpl::VitEncoderImpl(const VisionConfig& config)
    : projection_(register_at(
          *this, "patch_embed.projection",
          torch::nn::Conv2d(torch::nn::Conv2dOptions(3, config.hidden_size, config.patch_size).stride(config.patch_size)))),
      neck_(register_module("neck", Neck(NeckImpl::Options{.in = config.hidden_size, .out = config.output_channels}))) {
  if (config.use_abs_pos)
    pos_embed_ = register_parameter("pos_embed", torch::zeros({1, config.grid(), config.grid(), config.hidden_size}));
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("layers.{}", i), EncoderLayer(config, i)));
}

Tensor VitEncoderImpl::embed(const Tensor& pixels) {
  const Tensor patches = projection_(pixels).permute({0, 2, 3, 1}).contiguous();
  return pos_embed_.defined() ? patches + pos_embed_ : patches;
}

Tensor VitEncoderImpl::forward(const Tensor& pixels) {
  Tensor x = embed(pixels);
  for (EncoderLayer& layer : layers_) x = layer(x);
  return neck_(x.permute({0, 3, 1, 2}));
}

Tensor VitEncoderImpl::encode_patches(const Tensor& pixels, const Tensor& seen) {
  const Tensor all = embed(pixels).flatten(1, 2);
  Tensor x = all.gather(1, seen.unsqueeze(2).expand({-1, -1, all.size(2)}));
  for (EncoderLayer& layer : layers_) x = layer->forward_patches(x);
  return x;
}

void VitEncoderImpl::init_weights() {
  for (const auto& item : named_parameters()) {
    if (item.key().ends_with(".bias")) torch::nn::init::zeros_(item.value());
    if (item.key().ends_with(".weight") && item.value().dim() == 2) torch::nn::init::normal_(item.value(), 0, 0.02);
  }
  if (pos_embed_.defined()) torch::nn::init::normal_(pos_embed_, 0, 0.02);
}

Tensor resized_positions(const std::string& name, const Tensor& theirs, torch::IntArrayRef shape) {
  const auto is = [&](const char* ending, std::size_t dimensions) {
    return name.ends_with(ending) && shape.size() == dimensions && theirs.sizes().size() == dimensions &&
           theirs.sizes().back() == shape.back();
  };
  if (is("pos_embed", 4))  // [1, H, W, C]
    return at::upsample_bicubic2d(theirs.permute({0, 3, 1, 2}).to(torch::kFloat32), shape.slice(1, 2), /*align_corners=*/false)
        .permute({0, 2, 3, 1});
  if (is("rel_pos_h", 2) || is("rel_pos_w", 2))  // [2 S - 1, c]
    return at::upsample_linear1d(theirs.t().unsqueeze(0).to(torch::kFloat32), shape[0], /*align_corners=*/false).squeeze(0).t();
  return {};
}

}  // namespace omma::sam
