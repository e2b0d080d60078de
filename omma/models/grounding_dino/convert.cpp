#include "omma/models/grounding_dino/convert.h"

#include <string>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/grounding_dino/grounding_dino.h"
#include "omma/models/grounding_dino/key_table.h"
#include "omma/nn/weights.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

// The authors published two sizes; the width of the patch embedding tells which.
GroundingDinoConfig published_config(const TensorFile& file, const std::string& prefix, const fs::path& from) {
  const TensorView* patches = file.find(prefix + "backbone.0.patch_embed.proj.weight");
  check(patches != nullptr && !patches->shape.empty(), "{}: tensor \"{}backbone.0.patch_embed.proj.weight\" is missing",
        from.string(), prefix);
  GroundingDinoConfig config;
  config.backbone_config.out_indices = {2, 3, 4};
  if (patches->shape[0] == 128) {
    config.backbone_config.embed_dim = 128;
    config.backbone_config.depths = {2, 2, 18, 2};
    config.backbone_config.num_heads = {4, 8, 16, 32};
    config.backbone_config.window_size = 12;
    config.backbone_config.image_size = 384;
  } else {
    check(patches->shape[0] == 96, "{}: a backbone of width {} is none of the published ones (96, 128): give its --config",
          from.string(), patches->shape[0]);
  }
  return config;
}

json default_processor() {
  return {{"image_processor_type", "GroundingDinoImageProcessor"},
          {"do_resize", true},
          {"do_rescale", true},
          {"do_normalize", true},
          {"do_pad", true},
          {"resample", 2},
          {"rescale_factor", 1.0 / 255},
          {"size", {{"shortest_edge", 800}, {"longest_edge", 1333}}},
          {"image_mean", {0.485, 0.456, 0.406}},
          {"image_std", {0.229, 0.224, 0.225}}};
}

}  // namespace

void convert_grounding_dino(const ConversionSource& source, const fs::path& to) {
  const std::string where = source.from.string();
  const std::optional<std::string> prefix = original_prefix(source.file);
  check(source.config_file || prefix, "{}: none of the published checkpoints that omma knows: give its --config", where);
  const GroundingDinoConfig config = source.config_file
                                         ? read_grounding_dino_config(read_json(*source.config_file), source.config_file->string())
                                         : published_config(source.file, *prefix, source.from);
  const KeyTable keys = prefix ? original_grounding_dino_keys(config, *prefix) : grounding_dino_keys(config);
  const auto model = load_model<GroundingDino>(config, source.file, keys, where);
  save_weights(to / "model.safetensors", *model);
  write_file(to / "config.json", dump_json(write_grounding_dino_config(config, "float32"), 2) + "\n");
  copy_processor(source, to, default_processor());
  copy_bert_tokenizer(source, to);
}

}  // namespace omma
