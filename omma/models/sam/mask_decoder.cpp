#include "omma/models/sam/mask_decoder.h"

#include <fmt/format.h>

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma::sam {
namespace {

constexpr double upscale_eps = 1e-6;  // of the norm that the reference does not configure

torch::nn::ConvTranspose2d doubling(int64_t in, int64_t out) {
  return torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(in, out, 2).stride(2));
}

// A transposed convolution by 2 whose stride is 2, as the linear layer it is: x [..., in] -> [..., 2 2, out], the four pixels of
// each position row by row.
Tensor doubled(const Tensor& x, const torch::nn::ConvTranspose2d& layer) {
  const Tensor weight = layer->weight.permute({2, 3, 1, 0}).flatten(0, 2);  // [2 2 out, in]
  return linear(x, weight, layer->bias.repeat(4)).unflatten(-1, {4, layer->bias.size(0)});
}

}  // namespace

FeedForwardImpl::FeedForwardImpl(const Options& options)
    : proj_in_(register_module("proj_in", Linear(options.in, options.hidden))),
      proj_out_(register_module("proj_out", Linear(options.hidden, options.out))) {
  for (int64_t i = 0; i + 2 < options.depth; ++i)
    layers_.push_back(register_at(*this, fmt::format("layers.{}", i), Linear(options.hidden, options.hidden)));
}

Tensor FeedForwardImpl::forward(const Tensor& x) {
  Tensor inner = torch::relu(proj_in_(x));
  for (Linear& layer : layers_) inner = torch::relu(layer(inner));
  return proj_out_(inner);
}

MaskDecoderImpl::MaskDecoderImpl(const MaskDecoderConfig& config)
    : config_(config),
      iou_token_(register_parameter_at(*this, "iou_token.weight", torch::zeros({1, config.hidden_size}))),
      mask_tokens_(register_parameter_at(*this, "mask_tokens.weight", torch::zeros({config.mask_tokens(), config.hidden_size}))),
      transformer_(register_module("transformer", TwoWayTransformer(config))),
      upscale1_(register_module("upscale_conv1", doubling(config.hidden_size, config.hidden_size / 4))),
      upscale2_(register_module("upscale_conv2", doubling(config.hidden_size / 4, config.hidden_size / 8))),
      upscale_norm_(register_module("upscale_layer_norm", layer_norm(config.hidden_size / 4, upscale_eps))),
      iou_head_(register_module("iou_prediction_head", FeedForward(FeedForwardImpl::Options{.in = config.hidden_size,
                                                                                            .hidden = config.iou_head_hidden_dim,
                                                                                            .out = config.mask_tokens(),
                                                                                            .depth = config.iou_head_depth}))) {
  for (int64_t i = 0; i < config.mask_tokens(); ++i)
    hypernetworks_.push_back(
        register_at(*this, fmt::format("output_hypernetworks_mlps.{}", i),
                    FeedForward(FeedForwardImpl::Options{
                        .in = config.hidden_size, .hidden = config.hidden_size, .out = config.hidden_size / 8, .depth = 3})));
}

DecoderImage MaskDecoderImpl::prepare(const Tensor& image, const Tensor& positions, bool kept) {
  const Tensor rows = image.flatten(2).transpose(1, 2).contiguous();  // [P or 1, G G, C]
  return {.rows = kept ? transformer_->projected(rows, positions) : TwoWayTransformerImpl::rows_of(rows, positions),
          .positions = positions,
          .grid = image.size(2)};
}

DecodedMasks MaskDecoderImpl::forward(const DecoderImage& image, const Tensor& prompts) {
  const int64_t count = prompts.size(0), masks = config_.mask_tokens(), grid = image.grid;
  const Tensor own = torch::cat({iou_token_, mask_tokens_}).expand({count, -1, -1});
  const Tensor tokens = torch::cat({own, prompts.to(own.scalar_type())}, 1);  // [P, 1 + M + T, C]
  const TwoWayState state = transformer_(tokens, image.rows, image.positions);

  std::vector<Tensor> filters;  // each [P, C / 8]
  for (int64_t i = 0; i < masks; ++i) filters.push_back(hypernetworks_[i](state.tokens.select(1, 1 + i)));
  const Tensor pixels = upscale(state.image).flatten(1, 2);                     // [P, G G 16, C / 8]
  const Tensor logits = torch::matmul(pixels, torch::stack(filters, 2));        // [P, G G 16, M]
  const Tensor by_place = logits.view({count, grid, grid, 2, 2, 2, 2, masks});  // y, x, then dy, dx twice
  return {.logits = by_place.permute({0, 7, 1, 3, 5, 2, 4, 6}).reshape({count, masks, 4 * grid, 4 * grid}),
          .iou = iou_head_(state.tokens.select(1, 0))};
}

Tensor MaskDecoderImpl::upscale(const Tensor& image) {
  const Tensor twice = torch::gelu(upscale_norm_(doubled(image, upscale1_)));  // [P, G G, 4, C / 4]
  return torch::gelu(doubled(twice, upscale2_)).flatten(2, 3);
}

void MaskDecoderImpl::init_weights() {
  torch::nn::init::normal_(iou_token_);
  torch::nn::init::normal_(mask_tokens_);
}

}  // namespace omma::sam
