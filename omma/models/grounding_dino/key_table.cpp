#include "omma/models/grounding_dino/key_table.h"

#include <fmt/format.h>

#include "omma/models/original_keys.h"

namespace omma::grounding_dino {
namespace {

// A head that all layers share is kept once, as layer 0's; a file may hold it under every layer, and in the decoder as well.
void add_tied_heads(KeyTable& table, const Config& config, const std::string& root, const std::string& decoder) {
  const auto add = [&](const char* head, bool shared) {
    for (int64_t layer = 0; layer < config.decoder_layers; ++layer) {
      const std::string to = fmt::format("{}.{}.**", head, shared ? 0 : layer);
      table.rules.push_back({fmt::format("{}{}.{}.**", root, head, layer), {to}});
      table.rules.push_back({fmt::format("{}{}.{}.**", decoder, head, layer), {to}});
    }
  };
  add("bbox_embed", config.decoder_bbox_embed_share);
  add("class_embed", config.decoder_cls_embed_share);
}

// LibTorch's attention keeps its three projections as one matrix.
void add_attention(KeyTable& table, const std::string& from, const std::string& to) {
  for (const char* kind : {"weight", "bias"}) {
    std::vector<std::string> parts;
    for (const char* projection : {"query", "key", "value"}) parts.push_back(fmt::format("{}.{}.{}", to, projection, kind));
    table.rules.push_back({fmt::format("{}.in_proj_{}", from, kind), parts});
  }
  table.rules.push_back({from + ".out_proj.*", {to + ".out_proj.*"}});
}

void add_encoder(KeyTable& table, const std::string& prefix) {
  const std::string from = prefix + "transformer.encoder.", to = "model.encoder.layers.*.";
  add_renamings(table, from + "layers.*.", to + "deformable_layer.",
                {{"self_attn.**", "self_attn.**"},
                 {"norm1.*", "self_attn_layer_norm.*"},
                 {"linear1.*", "fc1.*"},
                 {"linear2.*", "fc2.*"},
                 {"norm2.*", "final_layer_norm.*"}});
  add_attention(table, from + "text_layers.*.self_attn", to + "text_enhancer_layer.self_attn");
  add_renamings(
      table, from + "text_layers.*.", to + "text_enhancer_layer.",
      {{"norm1.*", "layer_norm_before.*"}, {"linear1.*", "fc1.*"}, {"linear2.*", "fc2.*"}, {"norm2.*", "layer_norm_after.*"}});
  add_original_fusion(table, from + "fusion_layers.*.", to + "fusion_layer.");
}

void add_decoder(KeyTable& table, const std::string& prefix) {
  const std::string from = prefix + "transformer.decoder.", to = "model.decoder.";
  add_attention(table, from + "layers.*.self_attn", to + "layers.*.self_attn");
  add_attention(table, from + "layers.*.ca_text", to + "layers.*.encoder_attn_text");
  add_renamings(table, from + "layers.*.", to + "layers.*.",
                {{"cross_attn.**", "encoder_attn.**"},
                 {"norm1.*", "encoder_attn_layer_norm.*"},
                 {"catext_norm.*", "encoder_attn_text_layer_norm.*"},
                 {"norm2.*", "self_attn_layer_norm.*"},
                 {"norm3.*", "final_layer_norm.*"},
                 {"linear1.*", "fc1.*"},
                 {"linear2.*", "fc2.*"}});
  add_renamings(table, from, to, {{"norm.*", "layer_norm.*"}, {"ref_point_head.**", "reference_points_head.**"}});
}

}  // namespace

KeyTable checkpoint_keys(const Config& config) {
  KeyTable table;
  table.ignored = {
      "model.text_backbone.embeddings.position_ids",
      "model.text_backbone.pooler.**",
      "model.backbone.conv_encoder.model.swin.layernorm.*",  // a classifier's
      "model.backbone.conv_encoder.model.encoder.layers.*.blocks.*.attention.self.relative_position_index",
  };
  add_tied_heads(table, config, "", "model.decoder.");
  return table;
}

KeyTable original_keys(const Config& config, const std::string& prefix) {
  KeyTable table;
  table.ignored = {prefix + "bert.embeddings.position_ids", prefix + "bert.pooler.**", prefix + "label_enc.weight"};
  add_original_swin(table, prefix + "backbone.0.", "model.backbone.conv_encoder.model.", config.backbone_config);
  add_encoder(table, prefix);
  add_tied_heads(table, config, prefix, prefix + "transformer.decoder.");
  add_decoder(table, prefix);
  add_renamings(table, prefix, "",
                {{"bert.**", "model.text_backbone.**"},
                 {"feat_map.*", "model.text_projection.*"},
                 {"input_proj.**", "model.input_proj_vision.**"},
                 {"transformer.level_embed", "model.level_embed"},
                 {"transformer.tgt_embed.weight", "model.query_position_embeddings.weight"},
                 {"transformer.enc_output.*", "model.enc_output.*"},
                 {"transformer.enc_output_norm.*", "model.enc_output_norm.*"},
                 {"transformer.enc_out_bbox_embed.**", "model.encoder_output_bbox_embed.**"}});
  return table;
}

std::optional<std::string> original_prefix(const TensorFile& file) {
  for (const char* prefix : {"model.module.", "model.", "module.", ""})
    if (file.find(fmt::format("{}transformer.level_embed", prefix)) != nullptr) return prefix;
  return std::nullopt;
}

}  // namespace omma::grounding_dino
