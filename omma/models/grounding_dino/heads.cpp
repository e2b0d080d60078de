#include "omma/models/grounding_dino/heads.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace omma::grounding_dino {

ContrastiveHead::ContrastiveHead(torch::nn::Module& parent, std::string_view name, const Config& config)
    : scaled_(config.scaled_logits()) {
  if (scaled_) bias_ = register_parameter_at(parent, fmt::format("{}.bias", name), torch::zeros({}));
}

Tensor ContrastiveHead::operator()(const Tensor& queries, const Tensor& text, const Tensor& token_mask) const {
  Tensor logits = torch::matmul(queries, text.transpose(1, 2));
  if (scaled_) logits = logits / std::sqrt(static_cast<double>(queries.size(-1))) + bias_;
  return logits.masked_fill(~token_mask.unsqueeze(1), -std::numeric_limits<double>::infinity());
}

void ContrastiveHead::init_weights() {
  torch::NoGradGuard no_grad;
  constexpr double prior = 0.01;  // of a token to match
  if (bias_.defined()) bias_.fill_(-std::log((1 - prior) / prior));
}

DetectionHeads::DetectionHeads(torch::nn::Module& root, const Config& config) {
  const MlpImpl::Options box{.in = config.d_model, .hidden = config.d_model, .out = 4, .depth = 3};
  const int64_t layers = config.decoder_layers;
  for (int64_t i = 0; i < (config.decoder_bbox_embed_share ? 1 : layers); ++i)
    boxes_.push_back(register_at(root, fmt::format("bbox_embed.{}", i), Mlp(box)));
  for (int64_t i = 0; i < (config.decoder_cls_embed_share ? 1 : layers); ++i)
    classes_.emplace_back(root, fmt::format("class_embed.{}", i), config);
}

Tensor DetectionHeads::refine(std::size_t layer, const Tensor& queries, const Tensor& reference) {
  constexpr double eps = 1e-5;
  return (box(layer)(queries).to(torch::kFloat32) + torch::logit(reference, eps)).sigmoid();
}

void DetectionHeads::init_weights() {
  for (Mlp& head : boxes_) init_box_head(head);
  for (ContrastiveHead& head : classes_) head.init_weights();
}

void init_box_head(Mlp& head) {
  torch::nn::init::zeros_(head->last()->weight);
  torch::nn::init::zeros_(head->last()->bias);
}

}  // namespace omma::grounding_dino
