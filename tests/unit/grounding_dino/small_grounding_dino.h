// A Grounding DINO that answers in milliseconds.
#pragma once

#include "omma/models/grounding_dino/config.h"

namespace omma::grounding_dino {

inline Config small() {
  Config config;
  config.backbone_config.embed_dim = 8;
  config.backbone_config.depths = {1, 1, 2, 1};
  config.backbone_config.num_heads = {1, 2, 2, 4};
  config.backbone_config.window_size = 4;
  config.text_config.hidden_size = 16;
  config.text_config.intermediate_size = 24;
  config.text_config.num_hidden_layers = 2;
  config.text_config.num_attention_heads = 2;
  config.text_config.vocab_size = 1100;
  config.text_config.max_position_embeddings = 8;
  config.d_model = 32;
  config.encoder_layers = config.decoder_layers = 2;
  config.encoder_attention_heads = config.decoder_attention_heads = 4;
  config.encoder_ffn_dim = config.decoder_ffn_dim = 48;
  config.num_queries = 12;
  config.dropout = 0;
  return config;
}

}  // namespace omma::grounding_dino
