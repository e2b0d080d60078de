#include "omma/models/clip/clip.h"

#include <fmt/format.h>

#include <cmath>

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma {
namespace {

Linear projection(int64_t in, int64_t out) { return Linear(torch::nn::LinearOptions(in, out).bias(false)); }

}  // namespace

ClipTextModelImpl::ClipTextModelImpl(const ClipTextConfig& config) : config_(config) {
  const int64_t channels = config.hidden_size;
  token_embedding_ = register_at(*this, "embeddings.token_embedding", torch::nn::Embedding(config.vocab_size, channels));
  position_embedding_ =
      register_at(*this, "embeddings.position_embedding", torch::nn::Embedding(config.max_position_embeddings, channels));
  const VitBlockOptions block{.hidden_size = channels,
                              .intermediate_size = config.intermediate_size,
                              .heads = config.num_attention_heads,
                              .activation = activation_by_name(config.hidden_act),
                              .norm_eps = config.layer_norm_eps,
                              .attention_dropout = config.attention_dropout,
                              .names = clip_block_names()};
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("encoder.layers.{}", i), VitBlock(block)));
  final_norm_ = register_module("final_layer_norm", layer_norm(channels, config.layer_norm_eps));
}

Tensor ClipTextModelImpl::ends(const Tensor& input_ids) const {
  constexpr int64_t largest = 2;  // as published, see the config
  return config_.eos_token_id == largest ? input_ids.argmax(1) : input_ids.eq(config_.eos_token_id).to(torch::kInt).argmax(1);
}

Tensor ClipTextModelImpl::forward(const Tensor& input_ids) {
  check(input_ids.dim() == 2 && input_ids.size(1) >= 1 && input_ids.size(1) <= config_.max_position_embeddings,
        "clip: texts: expected [R, 1 to {}], got {}", config_.max_position_embeddings, shape(input_ids));
  const int64_t tokens = input_ids.size(1);
  const Tensor causal = torch::ones({tokens, tokens}, input_ids.options().dtype(torch::kBool)).tril();
  Tensor x = token_embedding_(input_ids) + position_embedding_->weight.narrow(0, 0, tokens);  // [R, T, C]
  for (VitBlock& layer : layers_) x = layer->forward(x, causal);
  const Tensor rows = torch::arange(input_ids.size(0), input_ids.options());
  return final_norm_(x.index({rows, ends(input_ids)}));  // of each token by itself: the others' are not needed
}

void ClipTextModelImpl::init_weights() {
  const torch::NoGradGuard no_grad;
  token_embedding_->weight.normal_(0, 0.02);
  position_embedding_->weight.normal_(0, 0.02);
  for (VitBlock& layer : layers_) init_clip_block(*layer, config_.hidden_size, std::ssize(layers_));
}

ClipImpl::ClipImpl(const ClipConfig& config)
    : text_model(register_module("text_model", ClipTextModel(config.text_config))),
      vision_model(register_module("vision_model", ClipVisionModel(config.vision_config))),
      visual_projection(register_module("visual_projection", projection(config.vision_config.hidden_size, config.projection_dim))),
      text_projection(register_module("text_projection", projection(config.text_config.hidden_size, config.projection_dim))),
      logit_scale(register_parameter("logit_scale", torch::full({}, config.logit_scale_init_value))),
      config_(config) {}

Tensor ClipImpl::embed_image(const Tensor& pixels) {
  return torch::nn::functional::normalize(visual_projection(vision_model->pooled(pixels)),
                                          torch::nn::functional::NormalizeFuncOptions().dim(-1));
}

Tensor ClipImpl::embed_text(const Tensor& input_ids) {
  return torch::nn::functional::normalize(text_projection(text_model(input_ids)),
                                          torch::nn::functional::NormalizeFuncOptions().dim(-1));
}

void ClipImpl::init_weights() {
  const torch::NoGradGuard no_grad;
  text_model->init_weights();
  vision_model->init_weights();
  visual_projection->weight.normal_(0, std::pow(static_cast<double>(config_.vision_config.hidden_size), -0.5));
  text_projection->weight.normal_(0, std::pow(static_cast<double>(config_.text_config.hidden_size), -0.5));
}

}  // namespace omma
