// B pictures, H x W tokens of a map, C channels, N heads, D channels a head, w window side, P = w w, M windows of a map.
// Maps [B, C, H, W] lie in memory with their channels side by side, so that tokens [B, H, W, C] are a view of them.
#include "omma/models/sam/tiny_vit.h"

#include <fmt/format.h>
#include <torch/nn/modules/batchnorm.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <variant>

#include "omma/base/error.h"
#include "omma/nn/attention.h"
#include "omma/nn/layers.h"
#include "omma/nn/shapes_only.h"
#include "omma/nn/windows.h"

namespace omma::sam {
namespace {

constexpr std::size_t max_tiny_vit_stages = 8;

using Conv2dOptions = torch::nn::Conv2dOptions;

Conv2dOptions depthwise(int64_t channels, int64_t side) {
  return Conv2dOptions(channels, channels, side).padding(side / 2).groups(channels);
}

int64_t widened(int64_t channels, double ratio) { return static_cast<int64_t>(static_cast<double>(channels) * ratio); }

Tensor tokens_of(const Tensor& map) { return map.permute({0, 2, 3, 1}); }
Tensor map_of(const Tensor& tokens) { return tokens.permute({0, 3, 1, 2}); }

// For each pair of positions of a window, the place of their distances |dy|, |dx| among the biases: [P P] int64.
Tensor distance_index(int64_t w) {
  const Tensor axis = torch::arange(w);
  const Tensor distance = (axis.unsqueeze(1) - axis.unsqueeze(0)).abs();  // [w, w]
  return (distance.view({w, 1, w, 1}) * w + distance.view({1, w, 1, w})).reshape(-1);
}

}  // namespace

int64_t TinyVitConfig::patch_size() const {
  return std::accumulate(downsample_strides.begin(), downsample_strides.end(), int64_t{4}, std::multiplies<>());
}

void TinyVitConfig::validate(Faults& faults) const {
  const auto expect_size = [&](const char* field, std::size_t size, std::size_t expected) {
    faults.expect(size == expected, "vision_config.{}: expected {} values for {} stages, got {}", field, expected, stages(), size);
  };
  faults.expect(model_type == "tiny_vit", "vision_config.model_type: expected \"tiny_vit\", got \"{}\"", model_type);
  faults.expect(stages() >= 1 && stages() <= max_tiny_vit_stages, "vision_config.depths: expected 1 to {} stages, got {}",
                max_tiny_vit_stages, stages());
  expect_size("embed_dims", embed_dims.size(), stages());
  expect_size("num_heads", num_heads.size(), stages());
  expect_size("window_sizes", window_sizes.size(), stages());
  expect_size("downsample_strides", downsample_strides.size(), std::max<std::size_t>(stages(), 1) - 1);
  for (std::size_t i = 1; i < std::min(embed_dims.size(), num_heads.size()); ++i)
    faults.expect(embed_dims[i] % num_heads[i] == 0, "vision_config.num_heads[{}]: expected a divisor of {} channels, got {}", i,
                  embed_dims[i], num_heads[i]);
  faults.expect(local_conv_size % 2 == 1, "vision_config.local_conv_size: expected an odd number, got {}", local_conv_size);
  faults.expect(is_activation(hidden_act), "vision_config.hidden_act: unknown activation \"{}\"", hidden_act);
}

// A convolution without bias and a batch norm.
class ConvNormImpl : public torch::nn::Module {
 public:
  ConvNormImpl(const Conv2dOptions& options, double eps)
      : convolution(register_module("convolution", torch::nn::Conv2d(Conv2dOptions(options).bias(false)))),
        normalization(register_module("normalization",
                                      torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(options.out_channels()).eps(eps)))) {}

  Tensor forward(const Tensor& map);  // [B, C, H, W]

  torch::nn::Conv2d convolution;
  torch::nn::BatchNorm2d normalization;
};
TORCH_MODULE(ConvNorm);

Tensor ConvNormImpl::forward(const Tensor& map) {
  if (is_training()) return normalization(convolution(map));
  // The running statistics are constants: their scale goes into the weight, in fp32, and a pass over the map is saved.
  const auto fp32 = [](const Tensor& x) { return x.to(torch::kFloat32); };
  const auto type = map.scalar_type();
  const Tensor scale = fp32(normalization->weight) * torch::rsqrt(fp32(normalization->running_var) + normalization->options.eps());
  const Tensor weight = fp32(convolution->weight) * scale.view({-1, 1, 1, 1});
  const Tensor bias = fp32(normalization->bias) - fp32(normalization->running_mean) * scale;
  const auto& options = convolution->options;
  const auto padding = std::get<torch::ExpandingArray<2>>(options.padding());
  return torch::conv2d(map, weight.to(type), bias.to(type), options.stride(), padding, options.dilation(), options.groups());
}

// What a stage is a row of: a map in, a map of the same shape out.
class TinyVitBlock : public torch::nn::Module {
 public:
  virtual Tensor forward(const Tensor& map) = 0;  // [B, C, H, W]
};

// MobileNet's inverted bottleneck (Sandler et al. 2018): widened, convolved channel by channel, narrowed.
class TinyVitMobileBlock : public TinyVitBlock {
 public:
  TinyVitMobileBlock(const TinyVitConfig& config, int64_t channels, double drop_path)
      : drop_path_(drop_path), activation_(activation_by_name(config.hidden_act)) {
    const int64_t inner = widened(channels, config.mbconv_expand_ratio);
    conv1_ = register_module("conv1", ConvNorm(Conv2dOptions(channels, inner, 1), config.batch_norm_eps));
    conv2_ = register_module("conv2", ConvNorm(depthwise(inner, 3), config.batch_norm_eps));
    conv3_ = register_module("conv3", ConvNorm(Conv2dOptions(inner, channels, 1), config.batch_norm_eps));
  }

  Tensor forward(const Tensor& map) override {
    const Tensor inner = activation_(conv2_(activation_(conv1_(map))));
    return activation_(map + drop_path(conv3_(inner), drop_path_, is_training()));
  }

  void start_as_identity() { torch::nn::init::zeros_(conv3_->normalization->weight); }  // but for the activation

 private:
  double drop_path_;
  Activation activation_;
  ConvNorm conv1_ = nullptr, conv2_ = nullptr, conv3_ = nullptr;
};

struct TinyVitWindowOptions {
  int64_t channels, heads, window;
  double drop_path;
};

// Attention in windows with a learned bias for each distance, a convolution channel by channel across the windows, a feed-forward.
class TinyVitWindowBlock : public TinyVitBlock {
 public:
  TinyVitWindowBlock(const TinyVitConfig& config, const TinyVitWindowOptions& options);
  Tensor forward(const Tensor& map) override;

 private:
  Tensor attend(const Tensor& windows);           // [B M, P, C]
  Tensor window_attention(const Tensor& tokens);  // [B, H, W, C]

  TinyVitWindowOptions options_;
  double dropout_;
  Activation activation_;
  torch::nn::LayerNorm norm1_, norm2_;
  Linear qkv_ = nullptr, projection_ = nullptr, lin1_ = nullptr, lin2_ = nullptr;
  ConvNorm local_conv_ = nullptr;
  Tensor attention_biases_;  // [N, P]
  Tensor distance_index_;    // [P P]
};

TinyVitWindowBlock::TinyVitWindowBlock(const TinyVitConfig& config, const TinyVitWindowOptions& options)
    : options_(options),
      dropout_(config.hidden_dropout_prob),
      activation_(activation_by_name(config.hidden_act)),
      norm1_(register_module("layer_norm1", layer_norm(options.channels, config.layer_norm_eps))),
      norm2_(register_module("layer_norm2", layer_norm(options.channels, config.layer_norm_eps))) {
  const int64_t c = options.channels, inner = widened(c, config.mlp_ratio);
  qkv_ = register_at(*this, "attn.qkv", Linear(c, 3 * c));
  projection_ = register_at(*this, "attn.proj", Linear(c, c));
  attention_biases_ =
      register_parameter_at(*this, "attn.attention_biases", torch::zeros({options.heads, options.window * options.window}));
  local_conv_ = register_module("local_conv", ConvNorm(depthwise(c, config.local_conv_size), config.batch_norm_eps));
  lin1_ = register_at(*this, "mlp.lin1", Linear(c, inner));
  lin2_ = register_at(*this, "mlp.lin2", Linear(inner, c));
  const WithMemory with_memory;
  distance_index_ = distance_index(options.window);
}

Tensor TinyVitWindowBlock::attend(const Tensor& windows) {
  const auto positions = windows.size(1);
  if (distance_index_.device() != windows.device()) {
    const c10::InferenceMode usable_in_training(false);
    distance_index_ = distance_index_.to(windows.device());
  }
  const Tensor bias = attention_biases_.index_select(1, distance_index_).view({1, -1, positions, positions});  // [1, N, P, P]
  // Each head's query, key and value lie side by side, where SAM's own encoder has all heads' queries first.
  const Tensor qkv = qkv_(norm1_(windows)).unflatten(-1, {options_.heads, 3, -1}).transpose(1, 2);  // [B M, N, P, 3, D]
  return projection_(merge_heads(attention(qkv.select(3, 0), qkv.select(3, 1), qkv.select(3, 2), bias)));
}

Tensor TinyVitWindowBlock::window_attention(const Tensor& tokens) {
  const auto height = tokens.size(1), width = tokens.size(2), w = options_.window;
  // Padded before the norm, whose bias makes tokens of the padding: they take part, as in the reference.
  const Tensor padded = pad_to_windows(tokens, w);
  const Tensor out = from_windows(attend(to_windows(padded, w)), w, padded.size(1), padded.size(2));
  return out.narrow(1, 0, height).narrow(2, 0, width);
}

Tensor TinyVitWindowBlock::forward(const Tensor& map) {
  const bool training = is_training();
  const auto dropped = [&](const Tensor& branch) { return drop_path(branch, options_.drop_path, training); };
  const Tensor tokens = tokens_of(map);
  const Tensor mixed = tokens_of(local_conv_(map_of(tokens + dropped(window_attention(tokens)))));  // [B, H, W, C]
  const FeedForwardDropout dropout{.inner = dropout_, .outer = dropout_, .training = training};
  return map_of(mixed + dropped(feed_forward(norm2_(mixed), lin1_, lin2_, activation_, dropout)));
}

// To the next stage's channels, and to a map half as large where the stride is 2.
class TinyVitDownsample : public torch::nn::Module {
 public:
  TinyVitDownsample(const TinyVitConfig& config, std::size_t stage) : activation_(activation_by_name(config.hidden_act)) {
    const int64_t in = config.embed_dims[stage], out = config.embed_dims[stage + 1], stride = config.downsample_strides[stage];
    conv1_ = register_module("conv1", ConvNorm(Conv2dOptions(in, out, 1), config.batch_norm_eps));
    conv2_ = register_module("conv2", ConvNorm(depthwise(out, 3).stride(stride), config.batch_norm_eps));
    conv3_ = register_module("conv3", ConvNorm(Conv2dOptions(out, out, 1), config.batch_norm_eps));
  }

  Tensor forward(const Tensor& map) { return conv3_(activation_(conv2_(activation_(conv1_(map))))); }

 private:
  Activation activation_;
  ConvNorm conv1_ = nullptr, conv2_ = nullptr, conv3_ = nullptr;
};

class TinyVitStageImpl : public torch::nn::Module {
 public:
  TinyVitStageImpl(const TinyVitConfig& config, std::size_t stage);

  Tensor blocks(Tensor map);                                                  // [B, C, H, W]
  Tensor downsample(const Tensor& map) { return downsample_->forward(map); }  // not after the last stage

 private:
  std::vector<std::shared_ptr<TinyVitBlock>> blocks_;
  std::shared_ptr<TinyVitDownsample> downsample_;
};

TinyVitStageImpl::TinyVitStageImpl(const TinyVitConfig& config, std::size_t stage) {
  const auto first = config.depths.begin(), here = first + static_cast<std::ptrdiff_t>(stage);
  const auto before = std::accumulate(first, here, int64_t{0}), all = std::accumulate(here, config.depths.end(), before);
  const int64_t channels = config.embed_dims[stage];
  for (int64_t i = 0; i < config.depths[stage]; ++i) {
    const double drop_path =
        config.drop_path_rate * static_cast<double>(before + i) / static_cast<double>(std::max<int64_t>(all - 1, 1));
    std::shared_ptr<TinyVitBlock> block;
    if (stage == 0)
      block = std::make_shared<TinyVitMobileBlock>(config, channels, drop_path);
    else
      block = std::make_shared<TinyVitWindowBlock>(config, TinyVitWindowOptions{.channels = channels,
                                                                                .heads = config.num_heads[stage],
                                                                                .window = config.window_sizes[stage],
                                                                                .drop_path = drop_path});
    blocks_.push_back(register_at(*this, fmt::format("blocks.{}", i), block));
  }
  if (stage + 1 < config.stages()) downsample_ = register_module("downsample", std::make_shared<TinyVitDownsample>(config, stage));
}

Tensor TinyVitStageImpl::blocks(Tensor map) {
  for (const auto& block : blocks_) map = block->forward(map);
  return map;
}

TinyVitImpl::TinyVitImpl(const TinyVitConfig& config)
    : activation_(activation_by_name(config.hidden_act)),
      initializer_range_(config.initializer_range),
      neck_(register_module("neck", Neck(NeckImpl::Options{.in = config.embed_dims.back(), .out = config.output_channels}))) {
  const auto halving = [&](int64_t in, int64_t out) {
    return std::make_shared<ConvNormImpl>(Conv2dOptions(in, out, 3).stride(2).padding(1), config.batch_norm_eps);
  };
  const int64_t channels = config.embed_dims[0];
  patch_conv1_ = register_at(*this, "patch_embed.conv1", halving(config.num_channels, channels / 2));
  patch_conv2_ = register_at(*this, "patch_embed.conv2", halving(channels / 2, channels));
  for (std::size_t stage = 0; stage < config.stages(); ++stage)
    stages_.push_back(register_at(*this, fmt::format("stages.{}", stage), std::make_shared<TinyVitStageImpl>(config, stage)));
}

void TinyVitImpl::init_weights() {
  for (const auto& module : modules()) {
    if (auto* linear = module->as<LinearImpl>()) {
      torch::nn::init::normal_(linear->weight, 0, initializer_range_);
      torch::nn::init::zeros_(linear->bias);
    } else if (auto* block = module->as<TinyVitMobileBlock>()) {
      block->start_as_identity();
    }
  }
}

std::vector<Tensor> TinyVitImpl::stage_maps(const Tensor& pixels) {
  check(pixels.dim() == 4 && pixels.size(1) == 3 && pixels.numel() > 0, "pixels: expected [B, 3, H, W], got {}", shape(pixels));
  Tensor map = pixels.contiguous(torch::MemoryFormat::ChannelsLast);
  map = patch_conv2_->forward(activation_(patch_conv1_->forward(map)));
  std::vector<Tensor> maps;
  for (const auto& stage : stages_) {
    if (!maps.empty()) map = stages_[maps.size() - 1]->downsample(maps.back());
    maps.push_back(stage->blocks(map));
  }
  return maps;
}

Tensor TinyVitImpl::forward(const Tensor& pixels) { return neck_(stage_maps(pixels).back()); }

}  // namespace omma::sam
