#include "omma/models/glip/head.h"

#include <fmt/format.h>

#include <cmath>

#include "omma/models/glip/pyramid.h"
#include "omma/nn/layers.h"

namespace omma::glip {
namespace {

constexpr double prior = 0.01;           // of a word to match, before training
constexpr double most_logit = 50'000;    // the authors' bound of the dot product
constexpr double smallest_norm = 1e-12;  // torch's normalize()

BertLayerOptions text_layer_options(const BertConfig& config) {
  return {.channels = config.hidden_size,
          .source_channels = config.hidden_size,
          .heads = config.num_attention_heads,
          .intermediate = config.intermediate_size,
          .activation = activation_by_name(config.hidden_act),
          .dropout = config.hidden_dropout_prob,
          .attention_dropout = config.attention_probs_dropout_prob,
          .norm_eps = config.layer_norm_eps};
}

FusionOptions fusion_options(const Config& config) {
  return {.vision_channels = config.d_model,
          .text_channels = config.text_config.hidden_size,
          .inner_channels = config.fusion_inner_dim,
          .heads = config.fusion_heads,
          .norm_eps = config.layer_norm_eps,
          .initial_scale = 1.0 / static_cast<double>(config.head_layers)};
}

Tensor as_rows(const Tensor& map) { return map.flatten(2).transpose(1, 2); }  // [B, C, H, W] -> [B, P, C]

void see(const Probe& probe, std::size_t layer, std::string_view what, const Tensor& value) {
  if (probe) probe(fmt::format("head.{}.{}", layer, what), value);
}

void see(const Probe& probe, std::size_t layer, std::string_view what, const std::vector<Tensor>& maps) {
  for (std::size_t level = 0; level < maps.size(); ++level) see(probe, layer, fmt::format("{}.{}", what, level), maps[level]);
}

}  // namespace

HeadImpl::HeadImpl(const Config& config)
    : box_(register_module("box", padded_convolution(config.d_model, 4, 1))),
      centerness_(register_module("centerness", padded_convolution(config.d_model, 1, 1))),
      text_projection_(register_module("text_projection", Linear(config.text_config.hidden_size, config.d_model))),
      text_bias_(register_parameter("text_bias", torch::zeros({config.text_config.hidden_size}))),
      bias_(register_parameter("bias", torch::full({1}, -std::log((1 - prior) / prior)))),
      log_scale_(register_parameter("log_scale", torch::zeros({1}))) {
  for (int64_t i = 0; i < config.head_layers; ++i) {
    const std::string name = fmt::format("layers.{}.", i);
    Layer layer;
    if (config.fusion) {
      layer.fusion = register_at(*this, name + "fusion", FusionLayer(fusion_options(config)));
      layer.text = register_at(*this, name + "text", BertLayer(text_layer_options(config.text_config)));
    }
    layer.vision = register_at(*this, name + "vision", DynamicConvolution(config));
    layers_.push_back(std::move(layer));
  }
  for (std::size_t level = 0; level < levels; ++level)
    scales_.push_back(register_parameter_at(*this, fmt::format("scales.{}", level), torch::ones({1})));
}

std::vector<LevelOutput> HeadImpl::forward(std::vector<Tensor> maps, Tensor text, const Probe& probe) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    if (layer.fusion) {
      fuse(layer.fusion, maps, text);
      see(probe, i, "fused", maps);
      text = layer.text(text);
      see(probe, i, "text", text);
    }
    maps = layer.vision(maps);
    see(probe, i, "map", maps);
  }
  text = text / text.norm(2, -1, true).clamp_min(smallest_norm);
  const Tensor words = text_projection_(text / 2) / log_scale_.exp();  // [B, T, C]
  const Tensor word_bias = torch::matmul(text, text_bias_) + bias_;    // [B, T]; of the whole norm, not of its half
  std::vector<LevelOutput> outputs;
  for (std::size_t level = 0; level < maps.size(); ++level) outputs.push_back(align(level, maps[level], words, word_bias));
  return outputs;
}

void HeadImpl::fuse(FusionLayer& fusion, std::vector<Tensor>& maps, Tensor& text) {
  std::vector<Tensor> rows;
  std::vector<int64_t> lengths;
  for (const Tensor& map : maps) {
    rows.push_back(as_rows(map));
    lengths.push_back(rows.back().size(1));
  }
  FusedFeatures fused = fusion(torch::cat(rows, 1), text, Tensor(), Tensor());
  const std::vector<Tensor> parts = fused.vision.split_with_sizes(lengths, 1);
  for (std::size_t i = 0; i < maps.size(); ++i)
    maps[i] = parts[i].transpose(1, 2).unflatten(2, {maps[i].size(2), maps[i].size(3)});  // channels last
  text = std::move(fused.text);
}

LevelOutput HeadImpl::align(std::size_t level, const Tensor& map, const Tensor& words, const Tensor& word_bias) {
  const Tensor logits = torch::matmul(as_rows(map), words.transpose(1, 2)) + word_bias.unsqueeze(1);
  return {.logits = logits.to(torch::kFloat32).clamp(-most_logit, most_logit),
          .regression = as_rows(box_(map) * scales_[level]).to(torch::kFloat32),
          .centerness = centerness_(map).flatten(1).to(torch::kFloat32)};
}

}  // namespace omma::glip
