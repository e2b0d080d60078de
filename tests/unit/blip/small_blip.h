// A BLIP small enough for tests.
#pragma once

#include <string>
#include <vector>

#include "omma/models/blip/checkpoint.h"
#include "omma/text/vocabulary.h"

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

inline Blip small_blip(const BlipConfig& config) {
  torch::manual_seed(7);
  Blip model(config);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : model->parameters())
    if (parameter.dim() > 1) parameter.normal_(0, 0.2);
  model->eval();
  return model;
}

inline Blip small_blip(const std::string& architecture) { return small_blip(small_blip_config(architecture)); }

// The same with a tokenizer of few words and all letters.
inline BlipCheckpoint small_blip_checkpoint(const std::string& architecture) {
  BlipConfig config = small_blip_config(architecture);
  config.text_config.vocab_size = 1200;
  return {.model = small_blip(config),
          .tokenizer = Tokenizer::from_json(make_bert_tokenizer({"red", "dog", "cat"}), "tokenizer.json"),
          .processor = ImageProcessor(square_image_processor(32)),
          .generation = {}};
}

inline std::vector<Image> different_images(int count) {
  std::vector<Image> images(static_cast<std::size_t>(count), Image(20, 30));
  for (std::size_t i = 0; i < images.size(); ++i)
    for (std::size_t j = 0; j < images[i].data.size(); ++j) images[i].data[j] = static_cast<std::uint8_t>((i + 1) * j);
  return images;
}

}  // namespace omma::testing
