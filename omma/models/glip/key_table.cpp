#include "omma/models/glip/key_table.h"

#include <fmt/format.h>

#include "omma/models/original_keys.h"

namespace omma::glip {
namespace {

void add_pyramid(KeyTable& table, const std::string& prefix) {
  for (int level = 0; level < 3; ++level)  // numbered from the backbone's first map there, which has no place here
    for (const char* kind : {"inner", "layer"})
      table.rules.push_back(
          {fmt::format("{}backbone.fpn.fpn_{}{}.*", prefix, kind, level + 2), {fmt::format("pyramid.{}.{}.*", kind, level)}});
  table.rules.push_back({prefix + "backbone.fpn.top_blocks.**", {"pyramid.**"}});
}

void add_vision_layer(KeyTable& table, const std::string& from, const std::string& to) {
  add_renamings(table, from, to,
                {{"DyConv.0.conv.*", "coarser.convolution.*"},
                 {"DyConv.0.bn.*", "coarser.norm.*"},
                 {"DyConv.1.conv.*", "own.convolution.*"},
                 {"DyConv.1.bn.*", "own.norm.*"},
                 {"DyConv.2.conv.*", "finer.convolution.*"},
                 {"DyConv.2.bn.*", "finer.norm.*"},
                 {"AttnConv.1.*", "scale.*"},
                 {"relu.fc.0.*", "relu.fc1.*"},
                 {"relu.fc.2.*", "relu.fc2.*"},
                 {"offset.*", "offset.*"}});
}

// Their tower is one list of all layers' parts.
void add_tower(KeyTable& table, const std::string& prefix, const Config& config) {
  for (int64_t i = 0, part = 0; i < config.head_layers; ++i) {
    const auto next = [&] { return fmt::format("{}rpn.head.dyhead_tower.{}.", prefix, part++); };
    const std::string to = fmt::format("head.layers.{}.", i);
    if (config.fusion) {
      add_original_fusion(table, next() + "b_attn.", to + "fusion.");
      table.rules.push_back({next() + "**", {to + "text.**"}});
    }
    add_vision_layer(table, next(), to + "vision.");
  }
}

}  // namespace

KeyTable original_keys(const Config& config, const std::string& prefix) {
  KeyTable table;
  table.ignored = {"optimizer.**",
                   "scheduler.**",                    // of a checkpoint in training
                   prefix + "rpn.head.cls_logits.*",  // of a closed list of classes, without use in grounding
                   prefix + "rpn.anchor_generator.cell_anchors.*",
                   prefix + "language_backbone.body.model.embeddings.position_ids",
                   prefix + "language_backbone.body.model.pooler.**"};
  add_original_swin(table, prefix + "backbone.body.", "backbone.", config.backbone_config);
  add_pyramid(table, prefix);
  add_tower(table, prefix, config);
  add_renamings(table, prefix, "",
                {{"language_backbone.body.model.**", "text_backbone.**"},
                 {"rpn.head.bbox_pred.*", "head.box.*"},
                 {"rpn.head.centerness.*", "head.centerness.*"},
                 {"rpn.head.dot_product_projection_text.*", "head.text_projection.*"},
                 {"rpn.head.bias_lang", "head.text_bias"},
                 {"rpn.head.bias0", "head.bias"},
                 {"rpn.head.log_scale", "head.log_scale"},
                 {"rpn.head.scales.*.scale", "head.scales.*"}});
  return table;
}

std::optional<std::string> original_prefix(const TensorFile& file) {
  for (const char* prefix : {"model.module.", "model.", "module.", ""})
    if (file.find(fmt::format("{}rpn.head.dot_product_projection_text.weight", prefix)) != nullptr) return prefix;
  return std::nullopt;
}

}  // namespace omma::glip
