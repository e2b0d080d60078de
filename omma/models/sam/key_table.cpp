#include "omma/models/sam/key_table.h"

#include <initializer_list>
#include <string>

#include "omma/models/sam/tiny_vit_keys.h"

namespace omma::sam {
namespace {

const std::string gaussian = "shared_image_embedding.positional_embedding";

void add(KeyTable& table, std::string from, std::string to) { table.rules.push_back({std::move(from), {std::move(to)}}); }

struct Renaming {
  const char* from;
  const char* to;
};

// Under a prefix each: "prefix.from.*" to "prefix.to.*".
void add_under(KeyTable& table, const std::string& from, const std::string& to, std::initializer_list<Renaming> renamings) {
  for (const Renaming& each : renamings) add(table, from + each.from + ".**", to + each.to + ".**");
}

}  // namespace

KeyTable checkpoint_keys() {
  KeyTable table;
  add(table, "prompt_encoder.shared_embedding.positional_embedding", gaussian);
  return table;
}

KeyTable original_keys(const TensorFile& file) {
  KeyTable table;
  if (has_tiny_vit(file)) add_tiny_vit_keys(table);
  add(table, "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", gaussian);
  add_under(table, "image_encoder.", "vision_encoder.",
            {{"patch_embed.proj", "patch_embed.projection"},
             {"blocks.*.norm1", "layers.*.layer_norm1"},
             {"blocks.*.norm2", "layers.*.layer_norm2"},
             {"blocks", "layers"},
             {"neck.0", "neck.conv1"},
             {"neck.1", "neck.layer_norm1"},
             {"neck.2", "neck.conv2"},
             {"neck.3", "neck.layer_norm2"}});
  add(table, "image_encoder.**", "vision_encoder.**");
  add_under(table, "prompt_encoder.", "prompt_encoder.",
            {{"point_embeddings", "point_embed"},
             {"mask_downscaling.0", "mask_embed.conv1"},
             {"mask_downscaling.1", "mask_embed.layer_norm1"},
             {"mask_downscaling.3", "mask_embed.conv2"},
             {"mask_downscaling.4", "mask_embed.layer_norm2"},
             {"mask_downscaling.6", "mask_embed.conv3"}});
  add_under(table, "mask_decoder.", "mask_decoder.",
            {{"transformer.layers.*.norm1", "transformer.layers.*.layer_norm1"},
             {"transformer.layers.*.norm2", "transformer.layers.*.layer_norm2"},
             {"transformer.layers.*.norm3", "transformer.layers.*.layer_norm3"},
             {"transformer.layers.*.norm4", "transformer.layers.*.layer_norm4"},
             {"transformer.norm_final_attn", "transformer.layer_norm_final_attn"},
             {"output_upscaling.0", "upscale_conv1"},
             {"output_upscaling.1", "upscale_layer_norm"},
             {"output_upscaling.3", "upscale_conv2"},
             {"output_hypernetworks_mlps.*.layers.0", "output_hypernetworks_mlps.*.proj_in"},
             {"output_hypernetworks_mlps.*.layers.1", "output_hypernetworks_mlps.*.layers.0"},
             {"output_hypernetworks_mlps.*.layers.2", "output_hypernetworks_mlps.*.proj_out"},
             {"iou_prediction_head.layers.0", "iou_prediction_head.proj_in"},
             {"iou_prediction_head.layers.1", "iou_prediction_head.layers.0"},
             {"iou_prediction_head.layers.2", "iou_prediction_head.proj_out"}});
  return table;
}

bool is_original(const TensorFile& file) {
  return file.find("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix") != nullptr;
}

}  // namespace omma::sam
