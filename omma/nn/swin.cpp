// B batch, H x W patches, C channels, N heads, w window side, P = w w positions of a window, M windows of a picture.
#include "omma/nn/swin.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "omma/nn/attention.h"
#include "omma/nn/layers.h"
#include "omma/nn/shapes_only.h"
#include "omma/nn/windows.h"

namespace omma {
namespace {

using torch::indexing::None;
using torch::indexing::Slice;

constexpr std::size_t max_stages = 8;
constexpr double default_eps = 1e-5;  // of the norms that the reference does not configure

// For each pair of positions of a window, the row of the bias table that holds their offset: [P P] int64.
Tensor relative_position_index(int64_t w) {
  const Tensor axis = torch::arange(w);
  const Tensor offset = axis.unsqueeze(1) - axis.unsqueeze(0) + (w - 1);  // [w, w], from 0
  const Tensor dy = offset.view({w, 1, w, 1}), dx = offset.view({1, w, 1, w});
  return (dy * (2 * w - 1) + dx).reshape(-1);
}

// After a cyclic shift a window holds pieces of the picture that were not neighbours: -100 between them, else 0. [M, P, P]
Tensor shift_mask(int64_t height, int64_t width, int64_t w, int64_t shift, torch::TensorOptions options) {
  const auto region = [&](int64_t size) {
    const Tensor position = torch::arange(size, options.dtype(torch::kInt64));
    return (position >= size - w).to(torch::kInt64) + (position >= size - shift).to(torch::kInt64);
  };
  const Tensor regions = region(height).unsqueeze(1) * 3 + region(width);                // [H, W]
  const Tensor windows = to_windows(regions.unsqueeze(0).unsqueeze(-1), w).squeeze(-1);  // [M, P]
  return (windows.unsqueeze(1) != windows.unsqueeze(2)).to(options) * -100.0;            // [M, P, P]
}

}  // namespace

void SwinConfig::validate(Faults& faults) const {
  faults.expect(model_type == "swin", "backbone_config.model_type: expected \"swin\", got \"{}\"", model_type);
  faults.expect(!depths.empty() && depths.size() <= max_stages, "backbone_config.depths: expected 1 to 8 stages, got {}",
                depths.size());
  faults.expect(depths.size() == num_heads.size(), "backbone_config.num_heads: expected one for each of {} stages, got {}",
                depths.size(), num_heads.size());
  for (std::size_t i = 0; i < std::min({depths.size(), num_heads.size(), max_stages}); ++i) {
    const int64_t width = channels(static_cast<int64_t>(i) + 1);
    faults.expect(num_heads[i] > 0 && width % num_heads[i] == 0,
                  "backbone_config.num_heads[{}]: expected a divisor of {} channels, got {}", i, width, num_heads[i]);
  }
  faults.expect(!out_indices.empty() && std::is_sorted(out_indices.begin(), out_indices.end(), std::less_equal<>()),
                "backbone_config.out_indices: expected rising stage numbers");
  for (const int64_t index : out_indices)
    faults.expect(index <= stages(), "backbone_config.out_indices: expected at most {} stages, got {}", stages(), index);
  faults.expect(is_activation(hidden_act), "backbone_config.hidden_act: unknown activation \"{}\"", hidden_act);
  faults.expect(!use_absolute_embeddings, "backbone_config.use_absolute_embeddings: expected false, got true");
}

struct SwinLayerOptions {
  int64_t channels;
  int64_t heads;
  int64_t shift;  // of the windows, in patches; 0: none
  double drop_path;
};

// Windowed self-attention and feed-forward, both pre-normalised.
class SwinLayerImpl : public torch::nn::Module {
 public:
  SwinLayerImpl(const SwinConfig& config, const SwinLayerOptions& options);
  Tensor forward(const Tensor& x);  // [B, H, W, C]

 private:
  Tensor attend(const Tensor& windows, const Tensor& mask);  // [B M, P, C]; mask [M, P, P] or undefined
  Tensor window_attention(const Tensor& x);                  // [B, H, W, C]
  const Tensor& mask_for(int64_t height, int64_t width, const torch::TensorOptions& options);

  SwinLayerOptions options_;
  int64_t window_;
  double dropout_, attention_dropout_;
  Activation activation_;
  torch::nn::LayerNorm norm_before_, norm_after_;
  Linear query_ = nullptr, key_ = nullptr, value_ = nullptr, attention_output_ = nullptr, fc1_ = nullptr, fc2_ = nullptr;
  Tensor bias_table_;      // [(2w - 1)(2w - 1), N]
  Tensor relative_index_;  // [P P]
  Tensor mask_;            // of the last padded size
  std::pair<int64_t, int64_t> mask_size_;
};

SwinLayerImpl::SwinLayerImpl(const SwinConfig& config, const SwinLayerOptions& options)
    : options_(options),
      window_(config.window_size),
      dropout_(config.hidden_dropout_prob),
      attention_dropout_(config.attention_probs_dropout_prob),
      activation_(activation_by_name(config.hidden_act)),
      norm_before_(register_module("layernorm_before", layer_norm(options.channels, config.layer_norm_eps))),
      norm_after_(register_module("layernorm_after", layer_norm(options.channels, config.layer_norm_eps))) {
  const auto c = options.channels;
  const auto inner = static_cast<int64_t>(config.mlp_ratio * static_cast<double>(c));
  const auto projection = torch::nn::LinearOptions(c, c).bias(config.qkv_bias);
  query_ = register_at(*this, "attention.self.query", Linear(projection));
  key_ = register_at(*this, "attention.self.key", Linear(projection));
  value_ = register_at(*this, "attention.self.value", Linear(projection));
  attention_output_ = register_at(*this, "attention.output.dense", Linear(c, c));
  bias_table_ = register_parameter_at(*this, "attention.self.relative_position_bias_table",
                                      torch::zeros({(2 * window_ - 1) * (2 * window_ - 1), options.heads}));
  fc1_ = register_at(*this, "intermediate.dense", Linear(c, inner));
  fc2_ = register_at(*this, "output.dense", Linear(inner, c));
  const WithMemory with_memory;
  relative_index_ = relative_position_index(window_);
}

Tensor SwinLayerImpl::attend(const Tensor& windows, const Tensor& mask) {
  const auto positions = windows.size(1);
  if (relative_index_.device() != windows.device()) {
    const c10::InferenceMode usable_in_training(false);
    relative_index_ = relative_index_.to(windows.device());
  }
  Tensor bias = bias_table_.index_select(0, relative_index_).view({positions, positions, options_.heads});
  bias = bias.permute({2, 0, 1}).unsqueeze(0);  // [1, N, P, P]
  if (mask.defined()) {
    bias = bias + mask.unsqueeze(1);  // [M, N, P, P]
    const auto pictures = windows.size(0) / mask.size(0);
    if (pictures > 1) bias = bias.repeat({pictures, 1, 1, 1});
  }
  const auto heads = [&](Linear& projection) { return split_heads(projection(windows), options_.heads); };  // [B M, N, P, D]
  const double dropout = is_training() ? attention_dropout_ : 0;
  return attention_output_(merge_heads(attention(heads(query_), heads(key_), heads(value_), bias, dropout)));
}

const Tensor& SwinLayerImpl::mask_for(int64_t height, int64_t width, const torch::TensorOptions& options) {
  const bool cached = mask_.defined() && mask_size_ == std::pair(height, width) && mask_.device() == options.device() &&
                      mask_.dtype() == options.dtype();
  if (!cached) {
    const c10::InferenceMode usable_in_training(false);
    mask_ = shift_mask(height, width, window_, options_.shift, options);
    mask_size_ = {height, width};
  }
  return mask_;
}

Tensor SwinLayerImpl::window_attention(const Tensor& x) {
  const auto height = x.size(1), width = x.size(2);
  Tensor padded = pad_to_windows(x, window_);  // the padding takes part in the attention, as in the reference
  const auto rows = padded.size(1), columns = padded.size(2), shift = options_.shift;
  if (shift > 0) padded = torch::roll(padded, {-shift, -shift}, {1, 2});
  const Tensor mask = shift > 0 ? mask_for(rows, columns, bias_table_.options()) : Tensor();
  Tensor out = from_windows(attend(to_windows(padded, window_), mask), window_, rows, columns);  // [B, rows, columns, C]
  if (shift > 0) out = torch::roll(out, {shift, shift}, {1, 2});
  return out.index({Slice(), Slice(0, height), Slice(0, width)});
}

Tensor SwinLayerImpl::forward(const Tensor& x) {
  const bool training = is_training();
  const Tensor attended =
      x + drop_path(torch::dropout(window_attention(norm_before_(x)), dropout_, training), options_.drop_path, training);
  return attended + feed_forward(norm_after_(attended), fc1_, fc2_, activation_, {.outer = dropout_, .training = training});
}

// Blocks of one resolution; then, but for the last stage, 2 x 2 patches merge into one of twice the channels.
class SwinStageImpl : public torch::nn::Module {
 public:
  SwinStageImpl(const SwinConfig& config, int64_t stage);  // from 1

  Tensor blocks(Tensor x);             // [B, H, W, C]
  Tensor downsample(const Tensor& x);  // [B, H / 2, W / 2, 2 C], rounded up

 private:
  std::vector<std::shared_ptr<SwinLayerImpl>> blocks_;
  torch::nn::LayerNorm norm_ = nullptr;
  Linear reduction_ = nullptr;
};

SwinStageImpl::SwinStageImpl(const SwinConfig& config, int64_t stage) {
  int64_t before = 0, all = 0;  // blocks
  for (int64_t i = 0; i < config.stages(); ++i) {
    if (i < stage - 1) before += config.depths[static_cast<std::size_t>(i)];
    all += config.depths[static_cast<std::size_t>(i)];
  }
  const int64_t channels = config.channels(stage);
  const auto place = static_cast<std::size_t>(stage - 1);
  for (int64_t i = 0; i < config.depths[place]; ++i) {
    const double drop_path =
        config.drop_path_rate * static_cast<double>(before + i) / static_cast<double>(std::max<int64_t>(all - 1, 1));
    const SwinLayerOptions options{.channels = channels,
                                   .heads = config.num_heads[place],
                                   .shift = i % 2 == 0 ? 0 : config.window_size / 2,
                                   .drop_path = drop_path};
    blocks_.push_back(register_at(*this, fmt::format("blocks.{}", i), std::make_shared<SwinLayerImpl>(config, options)));
  }
  if (stage == config.stages()) return;
  norm_ = register_at(*this, "downsample.norm", layer_norm(4 * channels, default_eps));
  reduction_ = register_at(*this, "downsample.reduction", Linear(torch::nn::LinearOptions(4 * channels, 2 * channels).bias(false)));
}

Tensor SwinStageImpl::blocks(Tensor x) {
  for (const auto& block : blocks_) x = block->forward(x);
  return x;
}

Tensor SwinStageImpl::downsample(const Tensor& x) {
  const Tensor even = torch::constant_pad_nd(x, {0, 0, 0, x.size(2) % 2, 0, x.size(1) % 2});
  const auto corner = [&](int64_t row, int64_t column) {
    return even.index({Slice(), Slice(row, None, 2), Slice(column, None, 2)});
  };
  return reduction_(norm_(torch::cat({corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)}, -1)));
}

SwinBackboneImpl::SwinBackboneImpl(const SwinConfig& config)
    : out_indices_(config.out_indices), patch_size_(config.patch_size), dropout_(config.hidden_dropout_prob) {
  projection_ = register_at(
      *this, "embeddings.patch_embeddings.projection",
      torch::nn::Conv2d(
          torch::nn::Conv2dOptions(config.num_channels, config.embed_dim, config.patch_size).stride(config.patch_size)));
  norm_ = register_at(*this, "embeddings.norm", layer_norm(config.embed_dim, default_eps));
  for (int64_t stage = 1; stage <= config.stages(); ++stage)
    stages_.push_back(
        register_at(*this, fmt::format("encoder.layers.{}", stage - 1), std::make_shared<SwinStageImpl>(config, stage)));
  for (const int64_t stage : out_indices_)
    stage_norms_.push_back(
        register_at(*this, fmt::format("hidden_states_norms.stage{}", stage), layer_norm(config.channels(stage), default_eps)));
}

std::vector<Tensor> SwinBackboneImpl::forward(const Tensor& pixels) {
  const auto padding = [&](int64_t size) { return (patch_size_ - size % patch_size_) % patch_size_; };
  const Tensor padded = torch::constant_pad_nd(pixels, {0, padding(pixels.size(3)), 0, padding(pixels.size(2))});
  Tensor x = torch::dropout(norm_(projection_(padded).permute({0, 2, 3, 1})), dropout_, is_training());  // [B, H, W, C]
  std::vector<Tensor> maps;
  for (std::size_t stage = 0; stage < stages_.size() && maps.size() < out_indices_.size(); ++stage) {
    x = stages_[stage]->blocks(x);
    if (out_indices_[maps.size()] == static_cast<int64_t>(stage) + 1)
      maps.push_back(stage_norms_[maps.size()](x).permute({0, 3, 1, 2}));
    if (maps.size() < out_indices_.size()) x = stages_[stage]->downsample(x);
  }
  return maps;
}

}  // namespace omma
