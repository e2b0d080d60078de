#include "omma/models/llava/llava.h"

#include "omma/base/error.h"
#include "omma/models/llava/parts.h"
#include "omma/nn/layers.h"

namespace omma {
namespace {

Linear make_linear(int64_t in, int64_t out, bool bias) { return Linear(torch::nn::LinearOptions(in, out).bias(bias)); }

}  // namespace

LlavaProjectorImpl::LlavaProjectorImpl(const LlavaConfig& config)
    : linear_1(register_module("linear_1", make_linear(config.vision_config.hidden_size * std::ssize(config.vision_feature_layer),
                                                       config.text_config.hidden_size, config.multimodal_projector_bias))),
      linear_2(register_module("linear_2", make_linear(config.text_config.hidden_size, config.text_config.hidden_size,
                                                       config.multimodal_projector_bias))),
      activation_(activation_by_name(config.projector_hidden_act)) {}

Tensor LlavaProjectorImpl::forward(const Tensor& x) { return linear_2(linear_1->forward_with(x, activation_)); }

LlavaImpl::LlavaImpl(const LlavaConfig& config)
    : LlavaImpl(config, ClipVisionModel(config.vision_config), LlamaForCausalLM(config.text_config)) {}

LlavaImpl::LlavaImpl(const LlavaConfig& config, ClipVisionModel tower, LlamaForCausalLM decoder)
    : vision_tower(register_at(*this, "vision_tower.vision_model", std::move(tower))),
      multi_modal_projector(register_module("multi_modal_projector", LlavaProjector(config))),
      language_model(register_module("language_model", std::move(decoder))),
      config_(config) {
  if (config.next) image_newline = register_parameter("image_newline", torch::zeros({config.text_config.hidden_size}));
}

Tensor LlavaImpl::embed_picture(const LlavaViews& views) { return arrange(project(look_at(views.pixels)), views.parts_of); }

Tensor LlavaImpl::look_at(const Tensor& pixels) {
  const Tensor states = torch::cat(vision_tower->hidden_states(pixels, config_.feature_states()), 2);
  return config_.drops_class_token() ? states.narrow(1, 1, states.size(1) - 1) : states;
}

Tensor LlavaImpl::project(const Tensor& seen) { return multi_modal_projector(seen); }

Tensor LlavaImpl::arrange(const Tensor& tokens, std::optional<Size> parts_of) {
  if (parts_of) return join_parts(tokens, part_layout(config_, *parts_of), image_newline);
  check(tokens.size(0) == 1, "llava: expected one view, got {}", tokens.size(0));
  return config_.next ? torch::cat({tokens[0], image_newline.to(tokens.dtype()).unsqueeze(0)}) : tokens[0];
}

Tensor LlavaImpl::embed(const Tensor& ids, const Tensor& features) {
  const Tensor words = language_model->model->embed_tokens(ids);
  const Tensor is_picture = ids.eq(config_.image_token_index);
  const auto places = is_picture.sum().item<int64_t>(), tokens = features.defined() ? features.size(0) : 0;
  check(places == tokens, "llava: prompt: expected {} places for the pictures' tokens, got {}", tokens, places);
  return places == 0 ? words : words.index_put({is_picture}, features.to(words.dtype()));
}

}  // namespace omma
