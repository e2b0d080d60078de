// BLIP's configuration, as transformers' config.json holds it (model type "blip").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"

namespace omma {

struct BlipVisionConfig {
  int64_t hidden_size = 768;
  int64_t intermediate_size = 3072;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t image_size = 384;  // pixels a side that the positions were learned for; other sizes interpolate them
  int64_t patch_size = 16;
  std::string hidden_act = "gelu";
  double layer_norm_eps = 1e-5;
  double attention_dropout = 0;
  double initializer_range = 0.02;
  bool qkv_bias = true;               // BLIP-2 may go without
  std::optional<bool> pre_layernorm;  // a normalisation before the first block, as CLIP's ViT-L in BLIP-2 has; a field of omma's

  int64_t grid() const { return image_size / patch_size; }  // patches a side

  template <class Fields>
  void fields(Fields& field) {
    field("hidden_size", hidden_size, Range{1, 16384});
    field("intermediate_size", intermediate_size, Range{1, 131072});
    field("num_hidden_layers", num_hidden_layers, Range{0, 128});
    field("num_attention_heads", num_attention_heads, Range{1, 256});
    field("image_size", image_size, Range{1, 16384});
    field("patch_size", patch_size, Range{1, 1024});
    field("hidden_act", hidden_act);
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("attention_dropout", attention_dropout, Range{0, 0.99});
    field("initializer_range", initializer_range, Range{0, 1});
    field("qkv_bias", qkv_bias);
    field("pre_layernorm", pre_layernorm);
  }
  void validate(Faults& faults) const;
};

struct BlipTextConfig {
  int64_t vocab_size = 30524;
  int64_t hidden_size = 768;
  int64_t intermediate_size = 3072;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 8;
  int64_t max_position_embeddings = 512;
  std::string hidden_act = "gelu";
  double layer_norm_eps = 1e-12;
  double hidden_dropout_prob = 0;
  double attention_probs_dropout_prob = 0;
  double initializer_range = 0.02;
  double label_smoothing = 0;
  int64_t pad_token_id = 0;
  int64_t bos_token_id = 30522;           // [DEC], the decoder's first token
  std::optional<int64_t> enc_token_id;    // [ENC], default bos_token_id + 1; a field of omma's
  int64_t sep_token_id = 102;             // ends a text
  std::optional<bool> is_decoder = true;  // has cross-attention
  std::optional<bool> tie_word_embeddings = true;

  int64_t image_grounded_token() const { return enc_token_id.value_or(bos_token_id + 1); }

  template <class Fields>
  void fields(Fields& field) {
    field("vocab_size", vocab_size, Range{1, 4'000'000});
    field("hidden_size", hidden_size, Range{1, 16384});
    field("intermediate_size", intermediate_size, Range{1, 131072});
    field("num_hidden_layers", num_hidden_layers, Range{0, 128});
    field("num_attention_heads", num_attention_heads, Range{1, 256});
    field("max_position_embeddings", max_position_embeddings, Range{1, 131072});
    field("hidden_act", hidden_act);
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("hidden_dropout_prob", hidden_dropout_prob, Range{0, 0.99});
    field("attention_probs_dropout_prob", attention_probs_dropout_prob, Range{0, 0.99});
    field("initializer_range", initializer_range, Range{0, 1});
    field("label_smoothing", label_smoothing, Range{0, 0.99});
    field("pad_token_id", pad_token_id, Range{0, 4'000'000});
    field("bos_token_id", bos_token_id, Range{0, 4'000'000});
    field("enc_token_id", enc_token_id, Range{0, 4'000'000});
    field("sep_token_id", sep_token_id, Range{0, 4'000'000});
    field("is_decoder", is_decoder);
    field("tie_word_embeddings", tie_word_embeddings);
  }
  void validate(Faults& faults) const;
};

// The text networks a checkpoint has. BLIP's mixture of encoder and decoder has all; what was fine-tuned for one task has a part.
struct BlipParts {
  bool encoder = false;  // text encoder, image-grounded where it is given a picture
  bool decoder = false;  // image- or question-grounded text decoder
  bool heads = false;    // projections for the contrast, and the matching head
  bool tied = false;     // encoder and decoder share all but their self-attention
};

// The tasks that a config.json is for: "caption", "match", "answer".
std::vector<std::string> blip_tasks(const json& config, const std::string& where);

struct BlipConfig {
  std::vector<std::string> architectures = {"BlipForConditionalGeneration"};
  BlipVisionConfig vision_config;
  BlipTextConfig text_config;
  int64_t image_text_hidden_size = 256;  // of the space of the contrast
  // Whether the image-grounded encoder's token 0 is [ENC] rather than [CLS]. The authors train so and evaluate retrieval and
  // questions so; their matching demo and transformers leave [CLS]. A field of omma's.
  bool swap_first_token = false;

  BlipParts parts() const;

  template <class Fields>
  void fields(Fields& field) {
    field("architectures", architectures);
    field("vision_config", vision_config);
    field("text_config", text_config);
    field("image_text_hidden_size", image_text_hidden_size, Range{1, 16384});
    field("swap_first_token", swap_first_token);
  }
  void validate(Faults& faults) const;
};

// Reads what transformers 4 or 5 wrote. Throws std::invalid_argument listing every fault.
BlipConfig read_blip_config(const json& object, std::string_view where);

// As transformers reads it, with `dtype` (float32, bfloat16, float16) of the weights beside it.
json write_blip_config(const BlipConfig& config);

}  // namespace omma
