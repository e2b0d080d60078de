// CLIP's configuration, as transformers' config.json holds it (model type "clip").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "omma/base/config.h"
#include "omma/nn/clip_vision.h"

namespace omma {

struct ClipTextConfig {
  int64_t vocab_size = 49408;
  int64_t hidden_size = 512;
  int64_t intermediate_size = 2048;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 8;
  int64_t max_position_embeddings = 77;
  std::string hidden_act = "quick_gelu";
  double layer_norm_eps = 1e-5;
  double attention_dropout = 0;
  double initializer_range = 0.02;
  // The token whose place, the first one of it, stands for a text. Published configs say 2 and mean the largest id there is: so
  // does 2 here, as in transformers.
  int64_t eos_token_id = 49407;

  template <class Fields>
  void fields(Fields& field) {
    field("vocab_size", vocab_size, Range{1, 1 << 24});
    field("hidden_size", hidden_size, Range{1, 1 << 16});
    field("intermediate_size", intermediate_size, Range{1, 1 << 20});
    field("num_hidden_layers", num_hidden_layers, Range{1, 1024});
    field("num_attention_heads", num_attention_heads, Range{1, 1024});
    field("max_position_embeddings", max_position_embeddings, Range{2, 1 << 20});
    field("hidden_act", hidden_act);
    field("layer_norm_eps", layer_norm_eps, Range{0, 1});
    field("attention_dropout", attention_dropout, Range{0, 1});
    field("initializer_range", initializer_range, Range{0, 1});
    field("eos_token_id", eos_token_id, Range{0, 1 << 24});
  }
  void validate(Faults& faults) const;
};

struct ClipConfig {
  ClipTextConfig text_config;
  ClipVisionConfig vision_config;
  int64_t projection_dim = 512;            // of the space that pictures and texts share
  double logit_scale_init_value = 2.6592;  // log of the factor on cosines

  template <class Fields>
  void fields(Fields& field) {
    field("text_config", text_config);
    field("vision_config", vision_config);
    field("projection_dim", projection_dim, Range{1, 1 << 16});
    field("logit_scale_init_value", logit_scale_init_value, Range{-100, 100});
  }
};

// Reads what transformers 4 or 5 wrote; `text_config_dict` and `vision_config_dict` of old files count before the others, whole.
// Throws std::invalid_argument listing every fault.
ClipConfig read_clip_config(const json& object, std::string_view where);

// As transformers reads it.
json write_clip_config(const ClipConfig& config);

}  // namespace omma
