// A LLaVA small enough to be made anew in every test: 4 tokens a picture, a word for each ASCII character.
#pragma once

#include <string>

#include "omma/models/llava/checkpoint.h"

namespace omma::testing {

inline constexpr int64_t llava_image_token = 130;

inline LlavaConfig small_llava_config() {
  LlavaConfig config;
  config.vision_config.hidden_size = 16;
  config.vision_config.intermediate_size = 24;
  config.vision_config.num_hidden_layers = 2;
  config.vision_config.num_attention_heads = 2;
  config.vision_config.image_size = 8;
  config.vision_config.patch_size = 4;
  config.text_config.vocab_size = 132;
  config.text_config.hidden_size = 24;
  config.text_config.intermediate_size = 32;
  config.text_config.num_hidden_layers = 2;
  config.text_config.num_attention_heads = 3;
  config.text_config.max_position_embeddings = 1024;
  config.image_token_index = llava_image_token;
  return config;
}

// Bytes of printable ASCII and the new line, "<s>" 0, "</s>" 1, "<image>".
inline json small_llava_tokenizer() {
  json vocabulary = {{"<s>", 0}, {"</s>", 1}, {"<image>", llava_image_token}, {"\xC4\x8A", 10}, {"\xC4\xA0", 32}};
  for (char c = '!'; c <= '~'; ++c) vocabulary[std::string(1, c)] = c;
  json added = json::array();
  for (const char* token : {"<s>", "</s>", "<image>"})
    added.push_back({{"id", vocabulary[token]},
                     {"content", token},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  const json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}};
  return {{"version", "1.0"},
          {"added_tokens", added},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level},
          {"post_processor", nullptr},
          {"decoder", byte_level},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", json::array()}}}};
}

inline LlavaCheckpoint small_llava(const LlavaConfig& config = small_llava_config()) {
  torch::manual_seed(5);
  Llava model(config);
  model->vision_tower->init_weights();
  model->language_model->initialise(0.3);
  model->eval();
  GenerationConfig generation;
  generation.eos_token_id = 1;
  return {.model = model,
          .tokenizer = Tokenizer::from_json(small_llava_tokenizer(), "tokenizer.json"),
          .processor = LlavaProcessor(config, cropping_image_processor(config.vision_config.image_size), ImageAspect::crop),
          .generation = generation};
}

}  // namespace omma::testing
