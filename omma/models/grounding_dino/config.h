// Grounding DINO's configuration, as transformers' config.json holds it (model types "grounding-dino" and "mm-grounding-dino").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "omma/base/config.h"
#include "omma/nn/bert.h"
#include "omma/nn/swin.h"

namespace omma::grounding_dino {

struct Config {
  std::string model_type = "grounding-dino";
  SwinConfig backbone_config;
  BertConfig text_config;

  int64_t d_model = 256;
  int64_t num_queries = 900;
  int64_t num_feature_levels = 4;
  int64_t encoder_layers = 6;
  int64_t encoder_ffn_dim = 2048;
  int64_t encoder_attention_heads = 8;
  int64_t encoder_n_points = 4;
  int64_t decoder_layers = 6;
  int64_t decoder_ffn_dim = 2048;
  int64_t decoder_attention_heads = 8;
  int64_t decoder_n_points = 4;
  int64_t query_dim = 4;
  int64_t max_text_len = 256;  // tokens of one prompt
  std::string activation_function = "relu";
  std::string position_embedding_type = "sine";
  double positional_embedding_temperature = 20;
  double layer_norm_eps = 1e-5;
  double init_std = 0.02;

  bool two_stage = true;  // queries start at the encoder's best proposals; false: at learned boxes ("static query selection")
  bool embedding_init_target = true;
  bool decoder_bbox_embed_share = true;
  bool decoder_cls_embed_share = true;  // mm-grounding-dino
  bool two_stage_bbox_embed_share = false;
  std::optional<bool> fusion;  // false: the encoder's layers have no bi-directional fusion (an ablation); default true

  double dropout = 0.1;
  double attention_dropout = 0;
  double activation_dropout = 0;
  double text_enhancer_dropout = 0;
  double fusion_dropout = 0;
  double fusion_droppath = 0.1;

  bool auxiliary_loss = false;
  double class_cost = 1, bbox_cost = 5, giou_cost = 2;
  double bbox_loss_coefficient = 5, giou_loss_coefficient = 2;
  double focal_alpha = 0.25;

  std::optional<double> box_threshold;     // a detection's least score
  std::optional<double> text_threshold;    // a token's least score to join a caption's label
  std::optional<double> phrase_threshold;  // a phrase's least score

  // Class logits are divided by sqrt(d_model) and get a learned bias (MM-Grounding-DINO).
  bool scaled_logits() const { return model_type == "mm-grounding-dino"; }

  template <class Fields>
  void fields(Fields& field) {
    field("model_type", model_type);
    field("backbone_config", backbone_config);
    field("text_config", text_config);
    field(FieldNames{"d_model", "hidden_size"}, d_model, Range{32, 16384});
    field("num_queries", num_queries, Range{1, 100'000});
    field("num_feature_levels", num_feature_levels, Range{1, 8});
    field("encoder_layers", encoder_layers, Range{1, 64});
    field("encoder_ffn_dim", encoder_ffn_dim, Range{2, 131072});
    field(FieldNames{"encoder_attention_heads", "num_attention_heads"}, encoder_attention_heads, Range{2, 256});
    field("encoder_n_points", encoder_n_points, Range{1, 64});
    field("decoder_layers", decoder_layers, Range{1, 64});
    field("decoder_ffn_dim", decoder_ffn_dim, Range{1, 131072});
    field("decoder_attention_heads", decoder_attention_heads, Range{1, 256});
    field("decoder_n_points", decoder_n_points, Range{1, 64});
    field("query_dim", query_dim, Range{4, 4});
    field("max_text_len", max_text_len, Range{4, 4096});
    field("activation_function", activation_function);
    field("position_embedding_type", position_embedding_type);
    field("positional_embedding_temperature", positional_embedding_temperature, Range{1, 1e6});
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("init_std", init_std, Range{0, 1});
    field("two_stage", two_stage);
    field("embedding_init_target", embedding_init_target);
    field("decoder_bbox_embed_share", decoder_bbox_embed_share);
    field("decoder_cls_embed_share", decoder_cls_embed_share);
    field("two_stage_bbox_embed_share", two_stage_bbox_embed_share);
    field("fusion", fusion);
    field("dropout", dropout, Range{0, 0.99});
    field("attention_dropout", attention_dropout, Range{0, 0.99});
    field("activation_dropout", activation_dropout, Range{0, 0.99});
    field("text_enhancer_dropout", text_enhancer_dropout, Range{0, 0.99});
    field("fusion_dropout", fusion_dropout, Range{0, 0.99});
    field("fusion_droppath", fusion_droppath, Range{0, 0.99});
    field("auxiliary_loss", auxiliary_loss);
    field("class_cost", class_cost, Range{0, 1e6});
    field("bbox_cost", bbox_cost, Range{0, 1e6});
    field("giou_cost", giou_cost, Range{0, 1e6});
    field("bbox_loss_coefficient", bbox_loss_coefficient, Range{0, 1e6});
    field("giou_loss_coefficient", giou_loss_coefficient, Range{0, 1e6});
    field("focal_alpha", focal_alpha, Range{0, 1});
    field("box_threshold", box_threshold, Range{0, 1});
    field("text_threshold", text_threshold, Range{0, 1});
    field("phrase_threshold", phrase_threshold, Range{0, 1});
  }
  void validate(Faults& faults) const;
};

// Reads what transformers 4 or 5 wrote. Throws std::invalid_argument listing every fault; backbones other than Swin and text
// encoders other than BERT are refused by name.
Config read_model_config(const json& object, std::string_view where);

// As transformers reads it, with `dtype` (float32, bfloat16, float16) of the weights beside it.
json write_model_config(const Config& config);

}  // namespace omma::grounding_dino
