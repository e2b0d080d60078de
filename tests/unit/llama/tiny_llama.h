// A LLaMA small enough to be made anew in every test.
#pragma once

#include "omma/nn/llama.h"

namespace omma::testing {

inline LlamaConfig tiny_llama_config(int64_t words) {
  LlamaConfig config;
  config.vocab_size = words;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 3;
  config.num_key_value_heads = 1;
  config.max_position_embeddings = 64;
  return config;
}

inline LlamaForCausalLM tiny_llama(const LlamaConfig& config) {
  torch::manual_seed(3);
  LlamaForCausalLM model(config);
  model->initialise(0.3);
  return model;
}

}  // namespace omma::testing
