#include "omma/models/sam/prompt_encoder.h"

#include <fmt/ranges.h>

#include <numbers>

#include "omma/base/error.h"
#include "omma/models/sam/neck.h"
#include "omma/nn/layers.h"

namespace omma::sam {
namespace {

constexpr double pixel_middle = 0.5;

torch::nn::Conv2d halving(int64_t in, int64_t out) { return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 2).stride(2)); }

void expect_shape(const Tensor& tensor, at::IntArrayRef expected, std::string_view name) {
  check(tensor.sizes() == expected, "sam: {}: expected [{}], got {}", name, fmt::join(expected, ", "), shape(tensor));
}

}  // namespace

PositionalEncodingImpl::PositionalEncodingImpl(int64_t frequencies)
    : positional_embedding_(register_parameter("positional_embedding", torch::randn({2, frequencies}), /*requires_grad=*/false)) {}

Tensor PositionalEncodingImpl::forward(const Tensor& places) {
  const Tensor angles = 2 * std::numbers::pi * torch::matmul(2 * places.to(torch::kFloat32) - 1, positional_embedding_);
  return torch::cat({angles.sin(), angles.cos()}, -1);
}

Tensor PositionalEncodingImpl::grid(int64_t side) {
  const Tensor middles = (torch::arange(side, positional_embedding_.options()) + 0.5) / side;
  const auto axes = torch::meshgrid({middles, middles}, "ij");
  return forward(torch::stack({axes[1], axes[0]}, -1)).flatten(0, 1);
}

PromptEncoderImpl::PromptEncoderImpl(const PromptEncoderConfig& config)
    : config_(config),
      activation_(activation_by_name(config.hidden_act)),
      conv1_(register_at(*this, "mask_embed.conv1", halving(1, config.mask_input_channels / 4))),
      conv2_(register_at(*this, "mask_embed.conv2", halving(config.mask_input_channels / 4, config.mask_input_channels))),
      conv3_(register_at(*this, "mask_embed.conv3", torch::nn::Conv2d(config.mask_input_channels, config.hidden_size, 1))),
      norm1_(register_at(*this, "mask_embed.layer_norm1", layer_norm(config.mask_input_channels / 4, config.layer_norm_eps))),
      norm2_(register_at(*this, "mask_embed.layer_norm2", layer_norm(config.mask_input_channels, config.layer_norm_eps))) {
  const auto embedding = [&](const std::string& name) {
    return register_parameter_at(*this, name + ".weight", torch::zeros({1, config.hidden_size}));
  };
  for (std::size_t i = 0; i < kinds_.size(); ++i) kinds_[i] = embedding(fmt::format("point_embed.{}", i));
  not_a_point_ = embedding("not_a_point_embed");
  no_mask_ = embedding("no_mask_embed");
}

PromptEmbedding PromptEncoderImpl::forward(const Prompts& prompts, PositionalEncoding encoding) {
  std::vector<Tensor> sparse;
  if (prompts.points.defined()) sparse.push_back(embed_points(prompts, encoding));
  if (prompts.boxes.defined()) sparse.push_back(embed_boxes(prompts.boxes, encoding));
  const int64_t grid = config_.image_size / config_.patch_size;
  const bool with_masks = prompts.masks.defined();
  check(with_masks || !sparse.empty(), "sam: expected points, boxes or masks, got none");
  if (sparse.empty()) sparse.push_back(no_mask_.new_zeros({prompts.masks.size(0), 0, config_.hidden_size}));
  return {.sparse = torch::cat(sparse, 1),
          .dense = with_masks ? embed_masks(prompts.masks) : no_mask().expand({1, config_.hidden_size, grid, grid})};
}

Tensor PromptEncoderImpl::embed_points(const Prompts& prompts, PositionalEncoding& encoding) {
  const int64_t count = prompts.points.size(0), points = prompts.points.size(1);
  expect_shape(prompts.points, {count, points, 2}, "points");
  expect_shape(prompts.labels, {count, points}, "labels");
  const Tensor places = encoding((prompts.points + pixel_middle) / config_.image_size);  // [P, K, C]
  const Tensor kinds = torch::cat({kinds_[0], kinds_[1]});                               // [2, C]
  const Tensor embedded = places + kinds.index_select(0, prompts.labels.flatten()).view_as(places);
  if (prompts.boxes.defined()) return embedded;
  // The decoder expects two tokens at least: without a box, a point that is none.
  return torch::cat({embedded, not_a_point_.expand({count, 1, -1})}, 1);
}

Tensor PromptEncoderImpl::embed_boxes(const Tensor& boxes, PositionalEncoding& encoding) {
  expect_shape(boxes, {boxes.size(0), 4}, "boxes");
  const Tensor corners = encoding((boxes.view({-1, 2, 2}) + pixel_middle) / config_.image_size);  // [P, 2, C]
  return corners + torch::cat({kinds_[2], kinds_[3]});
}

Tensor PromptEncoderImpl::embed_masks(const Tensor& masks) {
  const int64_t side = 4 * (config_.image_size / config_.patch_size);
  expect_shape(masks, {masks.size(0), 1, side, side}, "masks");
  const Tensor half = activation_(normalise_channels(conv1_(masks), norm1_));
  const Tensor quarter = activation_(normalise_channels(conv2_(half), norm2_));
  return conv3_(quarter);
}

void PromptEncoderImpl::init_weights() {
  for (const Tensor& kind : kinds_) torch::nn::init::normal_(kind);
  torch::nn::init::normal_(not_a_point_);
  torch::nn::init::normal_(no_mask_);
}

}  // namespace omma::sam
