#include "omma/models/original_keys.h"

#include <fmt/format.h>

#include <vector>

namespace omma {

void add_original_swin(KeyTable& table, const std::string& from, const std::string& to, const SwinConfig& config) {
  const std::string block = from + "layers.*.blocks.*.", layer = to + "encoder.layers.*.blocks.*.";
  table.ignored.push_back(block + "attn.relative_position_index");
  add_renamings(table, from, to,
                {{"patch_embed.proj.*", "embeddings.patch_embeddings.projection.*"},
                 {"patch_embed.norm.*", "embeddings.norm.*"},
                 {"layers.*.downsample.**", "encoder.layers.*.downsample.**"}});
  for (const int64_t stage : config.out_indices)  // numbered from 0 there, from 1 here
    table.rules.push_back(
        {fmt::format("{}norm{}.*", from, stage - 1), {fmt::format("{}hidden_states_norms.stage{}.*", to, stage)}});
  std::vector<std::string> parts;
  for (const char* projection : {"query", "key", "value"}) parts.push_back(layer + "attention.self." + projection + ".*");
  table.rules.push_back({block + "attn.qkv.*", parts});
  add_renamings(table, block, layer,
                {{"norm1.*", "layernorm_before.*"},
                 {"norm2.*", "layernorm_after.*"},
                 {"attn.relative_position_bias_table", "attention.self.relative_position_bias_table"},
                 {"attn.proj.*", "attention.output.dense.*"},
                 {"mlp.fc1.*", "intermediate.dense.*"},
                 {"mlp.fc2.*", "output.dense.*"}});
}

void add_original_fusion(KeyTable& table, const std::string& from, const std::string& to) {
  add_renamings(table, from, to,
                {{"gamma_v", "vision_param"},
                 {"gamma_l", "text_param"},
                 {"layer_norm_v.*", "layer_norm_vision.*"},
                 {"layer_norm_l.*", "layer_norm_text.*"},
                 {"attn.v_proj.*", "attn.vision_proj.*"},
                 {"attn.l_proj.*", "attn.text_proj.*"},
                 {"attn.values_v_proj.*", "attn.values_vision_proj.*"},
                 {"attn.values_l_proj.*", "attn.values_text_proj.*"},
                 {"attn.out_v_proj.*", "attn.out_vision_proj.*"},
                 {"attn.out_l_proj.*", "attn.out_text_proj.*"}});
}

}  // namespace omma
