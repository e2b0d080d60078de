// A BLIP small enough for tests.
#pragma once

#include <string>

#include "omma/models/blip/blip.h"

namespace omma::testing {

inline BlipConfig small_blip_config(const std::string& architecture) {
  BlipConfig config;
  config.architectures = {architecture};
  config.image_text_hidden_size = 12;
  BlipVisionConfig& vision = config.vision_config;
  vision.hidden_size = 24;
  vision.intermediate_size = 40;
  vision.num_hidden_layers = 2;
  vision.num_attention_heads = 3;
  vision.image_size = 32;
  vision.patch_size = 8;
  BlipTextConfig& text = config.text_config;
  text.vocab_size = 60;
  text.hidden_size = 24;
  text.intermediate_size = 32;
  text.num_hidden_layers = 2;
  text.num_attention_heads = 2;
  text.max_position_embeddings = 16;
  text.bos_token_id = 58;
  text.sep_token_id = 3;
  text.label_smoothing = 0.1;
  return config;
}

inline Blip small_blip(const std::string& architecture) {
  torch::manual_seed(7);
  Blip model(small_blip_config(architecture));
  const torch::NoGradGuard no_grad;
  for (auto& parameter : model->parameters())
    if (parameter.dim() > 1) parameter.normal_(0, 0.2);
  model->eval();
  return model;
}

}  // namespace omma::testing
