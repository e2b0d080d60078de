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

// Of the map that a transposed convolution of size and stride 2 makes of x [P, H, W, in], the rows 2 y + odd: [P, H, 2 W, out].
// Each pixel is made of one position alone, by a linear layer.
Tensor doubled_rows(const Tensor& x, const torch::nn::ConvTranspose2d& layer, int64_t odd, Activation activation = nullptr) {
  const Tensor weight = layer->weight.select(2, odd).permute({2, 1, 0}).flatten(0, 1);  // [2 out, in]
  const Tensor bias = layer->bias.repeat(2);
  const Tensor rows = activation != nullptr ? linear_with(activation, x, weight, bias) : linear(x, weight, bias);
  return rows.view({x.size(0), x.size(1), 2 * x.size(2), layer->bias.size(0)});
}

// [..., H, W, ...] twice -> [..., 2 H, W, ...], H the dimension `rows`: a row of `even`, one of `odd`, and so on.
Tensor interleaved(const Tensor& even, const Tensor& odd, int64_t rows) {
  return torch::stack({even, odd}, rows + 1).flatten(rows, rows + 1);
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
  return {.logits = upscaled_logits(state.image.unflatten(1, {grid, -1}), torch::stack(filters, 1)),
          .iou = iou_head_(state.tokens.select(1, 0))};
}

Tensor MaskDecoderImpl::upscaled_logits(const Tensor& image, const Tensor& filters) {
  const Activation gelu = activation_by_name("gelu");
  const Tensor twice = interleaved(doubled_rows(image, upscale1_, 0), doubled_rows(image, upscale1_, 1), 1);
  const Tensor pixels = torch::gelu(upscale_norm_(twice));  // [P, 2 G, 2 G, C / 4]
  const auto rows = [&](int64_t odd) {
    const Tensor some = doubled_rows(pixels, upscale2_, odd, gelu);  // [P, 2 G, 4 G, C / 8]
    return torch::matmul(filters, some.flatten(1, 2).transpose(1, 2)).unflatten(2, {some.size(1), some.size(2)});
  };
  return interleaved(rows(0), rows(1), 2);
}

void MaskDecoderImpl::init_weights() {
  torch::nn::init::normal_(iou_token_);
  torch::nn::init::normal_(mask_tokens_);
}

}  // namespace omma::sam
