#include "omma/models/grounding_dino/grounding_dino.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma::grounding_dino {
namespace {

// What the reference gives every layer that has no rule of its own.
void init_layer(torch::nn::Module& layer, double std) {
  using namespace torch::nn;
  const auto normal = [&](Tensor& weight) { init::normal_(weight, 0, std); };
  if (auto* linear = layer.as<LinearImpl>()) {
    normal(linear->weight);
    if (linear->bias.defined()) init::zeros_(linear->bias);
  } else if (auto* convolution = layer.as<Conv2dImpl>()) {
    normal(convolution->weight);
    init::zeros_(convolution->bias);
  } else if (auto* embedding = layer.as<EmbeddingImpl>()) {
    normal(embedding->weight);
    if (const auto padding = embedding->options.padding_idx()) {
      torch::NoGradGuard no_grad;
      embedding->weight[*padding].zero_();
    }
  }
}

void check_image(const Tensor& pixel_values, const Tensor& pixel_mask) {
  check(pixel_values.dim() == 4 && pixel_values.size(1) == 3 && pixel_values.numel() > 0,
        "pixel_values: expected [B, 3, H, W], got {}", shape(pixel_values));
  if (!pixel_mask.defined()) return;
  const std::vector<int64_t> expected{pixel_values.size(0), pixel_values.size(2), pixel_values.size(3)};
  check(pixel_mask.sizes() == torch::IntArrayRef(expected) && pixel_mask.dtype() == torch::kBool,
        "pixel_mask: expected bool [{}], got {} {}", fmt::join(expected, ", "), c10::toString(pixel_mask.scalar_type()),
        shape(pixel_mask));
}

}  // namespace

ModelImpl::ModelImpl(const Config& config)
    : config_(config),
      model_(register_module("model", std::make_shared<torch::nn::Module>())),
      backbone_(register_at(*model_, "backbone.conv_encoder.model", SwinBackbone(config.backbone_config))),
      neck_(*model_, config),
      text_backbone_(register_at(*model_, "text_backbone", BertEncoder(config.text_config))),
      text_projection_(register_at(*model_, "text_projection", Linear(config.text_config.hidden_size, config.d_model))),
      encoder_(register_at(*model_, "encoder", FeatureEnhancer(config))),
      query_selection_(*model_, config),
      decoder_(register_at(*model_, "decoder", Decoder(config))),
      heads_(*this, config) {}

TextFeatures ModelImpl::encode_text(const Tensor& input_ids, const Tensor& attention_mask) {
  check(input_ids.dim() == 2 && input_ids.size(1) > 0 && input_ids.size(1) <= config_.max_text_len,
        "input_ids: expected [B, T] with 1 to {} tokens, got {}", config_.max_text_len, shape(input_ids));
  check(attention_mask.sizes() == input_ids.sizes() && attention_mask.dtype() == torch::kBool,
        "attention_mask: expected bool {}, got {}", shape(input_ids), shape(attention_mask));
  const auto [least, most] = input_ids.aminmax();
  check(least.item<int64_t>() >= 0 && most.item<int64_t>() < config_.text_config.vocab_size,
        "input_ids: expected 0 to {}, got {} to {}", config_.text_config.vocab_size - 1, least.item<int64_t>(),
        most.item<int64_t>());
  TextMasks masks = sub_sentence_masks(input_ids);
  const auto last = masks.position_ids.max().item<int64_t>();
  check(last < config_.text_config.max_position_embeddings, "input_ids: expected at most {} tokens between separators, got {}",
        config_.text_config.max_position_embeddings, last + 1);
  const Tensor words = text_backbone_(BertEncoderImpl::Input{input_ids, masks.attention_mask, masks.position_ids});
  return {.features = text_projection_(words),
          .token_mask = attention_mask,
          .self_attention_mask = std::move(masks.attention_mask),
          .position_ids = std::move(masks.position_ids)};
}

VisionFeatures ModelImpl::encode_image(const Tensor& pixel_values, const Tensor& pixel_mask, const Probe& probe) {
  check_image(pixel_values, pixel_mask);
  const std::vector<Tensor> maps = backbone_(pixel_values.to(text_projection_->weight.scalar_type()));
  for (std::size_t i = 0; i < maps.size(); ++i) probe("backbone", i, "map", maps[i]);
  return neck_(maps, pixel_mask, probe);
}

Output ModelImpl::forward(const Tensor& pixel_values, const Tensor& pixel_mask, const TextFeatures& text,
                          const DenoisingQueries* denoising, const Probe& probe, bool all_proposals) {
  return forward(encode_image(pixel_values, pixel_mask, probe), text, denoising, probe, all_proposals);
}

Output ModelImpl::forward(const VisionFeatures& vision, const TextFeatures& text, const DenoisingQueries* denoising,
                          const Probe& probe, bool all_proposals) {
  probe("text", text.features);
  const EnhancedFeatures enhanced = encoder_(vision, text, probe);
  const SelectedQueries selected = query_selection_(enhanced.vision, enhanced.text, text.token_mask, probe);

  DecoderInput input{.queries = selected.content,
                     .boxes = selected.boxes,
                     .attention_mask = {},
                     .text = enhanced.text,
                     .token_mask = text.token_mask};
  if (denoising != nullptr) {
    input.queries = torch::cat({denoising->content, selected.content}, 1);
    input.boxes = torch::cat({denoising->boxes_unsigmoid.to(torch::kFloat32).sigmoid(), selected.boxes}, 1);
    input.attention_mask = ~denoising->attention_mask;
  }
  const DecoderOutput decoded = decoder_(input, enhanced.vision, heads_, probe);

  Output output;
  const int64_t queries = selected.content.size(1), extra = input.queries.size(1) - queries;
  for (std::size_t i = 0; i < decoded.queries.size(); ++i) {
    const Tensor logits = heads_.classes(i)(decoded.queries[i], enhanced.text, text.token_mask).to(torch::kFloat32);
    const Tensor boxes = heads_.refine(i, decoded.queries[i], decoded.references[i]);
    output.layer_logits.push_back(logits.narrow(1, extra, queries));
    output.layer_boxes.push_back(boxes.narrow(1, extra, queries));
    if (denoising == nullptr) continue;
    output.denoising_logits.push_back(logits.narrow(1, 0, extra));
    output.denoising_boxes.push_back(boxes.narrow(1, 0, extra));
  }
  output.logits = output.layer_logits.back();
  output.boxes = output.layer_boxes.back();
  output.encoder_logits = selected.logits;
  output.encoder_boxes = selected.proposal_boxes;
  if (all_proposals) output.proposals = query_selection_.propose(enhanced.vision, enhanced.text, text.token_mask);
  return output;
}

void ModelImpl::init_weights() {
  torch::NoGradGuard no_grad;
  for (const auto& layer : modules()) init_layer(*layer, config_.init_std);
  for (const auto& layer : modules()) {
    if (auto* attention = layer->as<DeformableAttentionImpl>()) attention->init_weights();
    if (auto* fusion = layer->as<FusionLayerImpl>()) fusion->init_weights();
  }
  neck_.init_weights();
  query_selection_.init_weights();
  heads_.init_weights();
}

void set_dtype(ModelImpl& model, torch::Dtype dtype) {
  for (auto& parameter : model.named_parameters()) {
    const bool box_head = parameter.key().find("bbox_embed.") != std::string::npos;
    parameter.value().set_data(parameter.value().data().to(box_head ? torch::kFloat32 : dtype));
  }
}

Tensor pad_logits(const Tensor& logits, int64_t width) {
  return torch::constant_pad_nd(logits, {0, width - logits.size(-1)}, -std::numeric_limits<double>::infinity());
}

}  // namespace omma::grounding_dino
