#include "omma/models/blip/blip.h"

namespace omma {

BlipImpl::BlipImpl(const BlipConfig& config)
    : vision_model(register_module("vision_model", BlipVisionModel(config.vision_config))), config_(config) {
  const BlipParts parts = config.parts();
  const BlipTextConfig& text = config.text_config;
  const int64_t picture = config.vision_config.hidden_size, contrast = config.image_text_hidden_size;
  if (parts.encoder) text_encoder = register_module("text_encoder", BlipTextModel(text, picture));
  if (parts.decoder) {
    const bool looks_at_questions = parts.encoder && !parts.tied;
    text_decoder = register_module("text_decoder", BlipTextDecoder(text, looks_at_questions ? text.hidden_size : picture,
                                                                   parts.tied ? text_encoder.get() : nullptr));
  }
  if (parts.heads) {
    vision_proj = register_module("vision_proj", Linear(picture, contrast));
    text_proj = register_module("text_proj", Linear(text.hidden_size, contrast));
    itm_head = register_module("itm_head", Linear(text.hidden_size, 2));
  }
}

Tensor BlipImpl::embed_image(const Tensor& features) {
  return torch::nn::functional::normalize(vision_proj(features.select(1, 0)));
}

Tensor BlipImpl::first_tokens(const Tensor& input_ids, const Tensor& mask, const BlipSource* source, int64_t apart) {
  return text_encoder(BlipTextInput{.input_ids = input_ids, .mask = mask, .source = source, .apart = apart, .first_only = true})
      .select(1, 0);
}

Tensor BlipImpl::embed_text(const Tensor& input_ids, const Tensor& mask) {
  return torch::nn::functional::normalize(text_proj(first_tokens(input_ids, mask, nullptr, 0)));
}

Tensor BlipImpl::match_logits(const Tensor& input_ids, const Tensor& mask, const BlipSource& source) {
  return itm_head(first_tokens(input_ids, mask, &source, 0));
}

TextScores BlipImpl::embed_and_match(const Tensor& input_ids, const Tensor& mask, const BlipSource& source, int64_t texts) {
  const Tensor hidden = first_tokens(input_ids, mask, &source, texts);
  return {.embeddings = torch::nn::functional::normalize(text_proj(hidden.narrow(0, 0, texts))),
          .logits = itm_head(hidden.narrow(0, texts, hidden.size(0) - texts))};
}

Tensor BlipImpl::image_grounded_ids(const Tensor& input_ids) const {
  if (!config_.swap_first_token) return input_ids;
  Tensor swapped = input_ids.clone();
  swapped.select(1, 0).fill_(config_.text_config.image_grounded_token());
  return swapped;
}

void BlipImpl::init_weights() {
  const torch::NoGradGuard no_grad;
  const double picture = config_.vision_config.initializer_range, text = config_.text_config.initializer_range;
  for (auto& item : named_parameters()) {
    const bool is_bias = item.key().ends_with("bias"), is_norm = item.value().dim() == 1 && !is_bias;
    if (is_bias)
      item.value().zero_();
    else if (!is_norm)
      item.value().normal_(0, item.key().starts_with("vision_model") ? picture : text);
  }
}

}  // namespace omma
