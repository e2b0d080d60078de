#include "omma/models/llava/llava.h"

#include "omma/base/error.h"
#include "omma/models/llava/parts.h"
#include "omma/nn/layers.h"
#include "omma/nn/visual_places.h"

namespace omma {

LlavaProjectorOptions projector_options(const LlavaConfig& config) {
  return {.seen = config.vision_config.hidden_size * std::ssize(config.vision_feature_layer),
          .channels = config.text_config.hidden_size,
          .activation = config.projector_hidden_act,
          .bias = config.multimodal_projector_bias};
}

Tensor selected_states(ClipVisionModel& tower, const LlavaConfig& config, const Tensor& pixels) {
  return torch::cat(tower->hidden_states(pixels, config.feature_states()), 2);
}

LlavaImpl::LlavaImpl(const LlavaConfig& config)
    : LlavaImpl(config, ClipVisionModel(config.vision_config), LlamaForCausalLM(config.text_config)) {}

LlavaImpl::LlavaImpl(const LlavaConfig& config, ClipVisionModel tower, LlamaForCausalLM decoder)
    : vision_tower(register_at(*this, "vision_tower.vision_model", std::move(tower))),
      multi_modal_projector(register_module("multi_modal_projector", LlavaProjector(projector_options(config)))),
      language_model(register_module("language_model", std::move(decoder))),
      config_(config) {
  if (config.next) image_newline = register_parameter("image_newline", torch::zeros({config.text_config.hidden_size}));
}

Tensor LlavaImpl::embed_picture(const LlavaViews& views) { return arrange(project(look_at(views.pixels)), views.parts_of); }

Tensor LlavaImpl::look_at(const Tensor& pixels) {
  const Tensor states = selected_states(vision_tower, config_, pixels);
  return config_.drops_class_token() ? states.narrow(1, 1, states.size(1) - 1) : states;
}

Tensor LlavaImpl::project(const Tensor& seen) { return multi_modal_projector(seen); }

Tensor LlavaImpl::arrange(const Tensor& tokens, std::optional<Size> parts_of) {
  if (parts_of) return join_parts(tokens, part_layout(config_, *parts_of), image_newline);
  check(tokens.size(0) == 1, "llava: expected one view, got {}", tokens.size(0));
  return config_.next ? torch::cat({tokens[0], image_newline.to(tokens.dtype()).unsqueeze(0)}) : tokens[0];
}

Tensor LlavaImpl::embed(const Tensor& ids, const Tensor& features) {
  return fill_places(language_model->model->embed_tokens(ids), ids, config_.image_token_index, features, "llava");
}

}  // namespace omma
