// SAM's configuration, as transformers' config.json holds it (model type "sam").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"
#include "omma/models/sam/tiny_vit.h"

namespace omma::sam {

// The picture encoder: a Vision Transformer whose layers attend within windows, but for a few that attend everywhere.
struct VisionConfig {
  std::string model_type = "sam_vision_model";
  int64_t hidden_size = 768;
  int64_t output_channels = 256;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t num_channels = 3;
  int64_t image_size = 1024;  // the side of the square that it reads, pixels
  int64_t patch_size = 16;
  std::string hidden_act = "gelu";
  double layer_norm_eps = 1e-6;
  double attention_dropout = 0;
  bool qkv_bias = true;
  double mlp_ratio = 4;
  std::optional<int64_t> mlp_dim;  // default: hidden_size mlp_ratio
  bool use_abs_pos = true;
  bool use_rel_pos = true;
  int64_t window_size = 14;  // patches a side
  std::vector<int64_t> global_attn_indexes = {2, 5, 8, 11};
  int64_t num_pos_feats = 128;           // frequencies of the positional encoding
  std::optional<double> drop_path_rate;  // of the last layer in training, rising from 0; a field of omma's
  bool int8 = false;                     // whether the layers' linear ones are of 8-bit numbers: quantization_config

  int64_t grid() const { return image_size / patch_size; }
  int64_t inner_size() const { return mlp_dim.value_or(static_cast<int64_t>(static_cast<double>(hidden_size) * mlp_ratio)); }
  bool is_global(int64_t layer) const;

  template <class Fields>
  void fields(Fields& field) {
    field("model_type", model_type);
    field("hidden_size", hidden_size, Range{1, 16384});
    field("output_channels", output_channels, Range{1, 16384});
    field("num_hidden_layers", num_hidden_layers, Range{0, 128});
    field("num_attention_heads", num_attention_heads, Range{1, 256});
    field("num_channels", num_channels, Range{3, 3});
    field("image_size", image_size, Range{1, 16384});
    field("patch_size", patch_size, Range{1, 1024});
    field("hidden_act", hidden_act);
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("attention_dropout", attention_dropout, Range{0, 0.99});
    field("qkv_bias", qkv_bias);
    field("mlp_ratio", mlp_ratio, Range{0.01, 64});
    field("mlp_dim", mlp_dim, Range{1, 131072});
    field("use_abs_pos", use_abs_pos);
    field("use_rel_pos", use_rel_pos);
    field("window_size", window_size, Range{0, 1024});
    field("global_attn_indexes", global_attn_indexes, Range{0, 127});
    field("num_pos_feats", num_pos_feats, Range{1, 8192});
    field("drop_path_rate", drop_path_rate, Range{0, 0.99});
  }
  void validate(Faults& faults) const;
};

struct PromptEncoderConfig {
  int64_t hidden_size = 256;
  int64_t image_size = 1024;
  int64_t patch_size = 16;
  int64_t mask_input_channels = 16;
  int64_t num_point_embeddings = 4;
  std::string hidden_act = "gelu";
  double layer_norm_eps = 1e-6;

  template <class Fields>
  void fields(Fields& field) {
    field("hidden_size", hidden_size, Range{1, 16384});
    field("image_size", image_size, Range{1, 16384});
    field("patch_size", patch_size, Range{1, 1024});
    field("mask_input_channels", mask_input_channels, Range{4, 4096});
    field("num_point_embeddings", num_point_embeddings, Range{4, 4});
    field("hidden_act", hidden_act);
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
  }
  void validate(Faults& faults) const;
};

struct MaskDecoderConfig {
  int64_t hidden_size = 256;
  std::string hidden_act = "relu";
  int64_t mlp_dim = 2048;
  int64_t num_hidden_layers = 2;
  int64_t num_attention_heads = 8;
  int64_t attention_downsample_rate = 2;
  int64_t num_multimask_outputs = 3;
  int64_t iou_head_depth = 3;
  int64_t iou_head_hidden_dim = 256;
  double layer_norm_eps = 1e-6;  // the authors' code has 1e-5, which omma convert writes

  int64_t mask_tokens() const { return num_multimask_outputs + 1; }

  template <class Fields>
  void fields(Fields& field) {
    field("hidden_size", hidden_size, Range{8, 16384});
    field("hidden_act", hidden_act);
    field("mlp_dim", mlp_dim, Range{1, 131072});
    field("num_hidden_layers", num_hidden_layers, Range{1, 64});
    field("num_attention_heads", num_attention_heads, Range{1, 256});
    field("attention_downsample_rate", attention_downsample_rate, Range{1, 256});
    field("num_multimask_outputs", num_multimask_outputs, Range{1, 64});
    field("iou_head_depth", iou_head_depth, Range{2, 64});
    field("iou_head_hidden_dim", iou_head_hidden_dim, Range{1, 16384});
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
  }
  void validate(Faults& faults) const;
};

struct Config {
  std::string model_type = "sam";
  VisionConfig vision_config;
  std::optional<TinyVitConfig> tiny_vit;  // MobileSAM's encoder instead: a vision_config of model_type "tiny_vit"
  PromptEncoderConfig prompt_encoder_config;
  MaskDecoderConfig mask_decoder_config;

  int64_t image_size() const { return tiny_vit ? tiny_vit->image_size : vision_config.image_size; }
  int64_t channels() const { return mask_decoder_config.hidden_size; }
  int64_t frequencies() const { return tiny_vit ? channels() / 2 : vision_config.num_pos_feats; }
  int64_t grid() const { return prompt_encoder_config.image_size / prompt_encoder_config.patch_size; }
  int64_t mask_side() const { return 4 * grid(); }  // of the decoder's masks, and of those that it takes as prompts

  template <class Fields>
  void fields(Fields& field) {
    field("model_type", model_type);
    if (!tiny_vit) field("vision_config", vision_config);
    field("prompt_encoder_config", prompt_encoder_config);
    field("mask_decoder_config", mask_decoder_config);
  }
  void validate(Faults& faults) const;
};

// Reads what transformers 4 or 5 wrote. Throws std::invalid_argument listing every fault.
Config read_model_config(const json& object, std::string_view where);

// As transformers reads it.
json write_model_config(const Config& config);

}  // namespace omma::sam
