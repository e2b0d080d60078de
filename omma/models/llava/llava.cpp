#include "omma/models/llava/llava.h"

#include <algorithm>

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
    : vision_tower(register_at(*this, "vision_tower.vision_model", ClipVisionModel(config.vision_config))),
      multi_modal_projector(register_module("multi_modal_projector", LlavaProjector(config))),
      language_model(register_module("language_model", LlamaForCausalLM(config.text_config))),
      config_(config) {
  if (config.next) image_newline = register_parameter("image_newline", torch::zeros({config.text_config.hidden_size}));
}

Tensor LlavaImpl::project(const Tensor& pixels) {
  const Tensor states = torch::cat(vision_tower->hidden_states(pixels, config_.feature_states()), 2);  // [V, S, K]
  return multi_modal_projector(config_.drops_class_token() ? states.narrow(1, 1, states.size(1) - 1) : states);
}

Tensor LlavaImpl::embed_picture(const LlavaViews& views) {
  const Tensor tokens = project(views.pixels);  // [V, S', C]
  if (views.parts_of) return join_parts(tokens, part_layout(config_, *views.parts_of), image_newline);
  check(tokens.size(0) == 1, "llava: expected one view, got {}", tokens.size(0));
  return config_.next ? torch::cat({tokens[0], image_newline.to(tokens.dtype()).unsqueeze(0)}) : tokens[0];
}

Tensor LlavaImpl::embed(const std::vector<int64_t>& ids, const Tensor& features) {
  const Tensor words = language_model->embed(ids);  // [1, T, C]
  const auto places = std::ranges::count(ids, config_.image_token_index);
  const int64_t tokens = features.defined() ? features.size(0) : 0;
  check(places == tokens, "llava: prompt: expected {} places for the pictures' tokens, got {}", tokens, places);
  if (places == 0) return words;
  const Tensor is_picture = torch::tensor(ids, torch::kLong).eq(config_.image_token_index).to(words.device());
  return words.index_put({torch::zeros({}, torch::TensorOptions(torch::kLong).device(words.device())), is_picture},
                         features.to(words.dtype()));
}

}  // namespace omma
