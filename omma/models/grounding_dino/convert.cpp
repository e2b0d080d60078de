#include "omma/models/grounding_dino/convert.h"

#include <string>

#include "omma/base/error.h"
#include "omma/models/grounding_dino/grounding_dino.h"
#include "omma/models/grounding_dino/key_table.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/weights.h"

namespace omma::grounding_dino {
namespace fs = std::filesystem;
namespace {

// The authors published two sizes; the width of the patch embedding tells which.
Config published_config(const TensorFile& file, const std::string& prefix, const fs::path& from) {
  const TensorView* patches = file.find(prefix + "backbone.0.patch_embed.proj.weight");
  check(patches != nullptr && !patches->shape.empty(), "{}: tensor \"{}backbone.0.patch_embed.proj.weight\" is missing",
        from.string(), prefix);
  Config config;
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

}  // namespace

void convert(const ConversionSource& source, const fs::path& to) {
  const std::string where = source.from.string();
  const std::optional<std::string> prefix = original_prefix(source.file);
  check(source.config_file || prefix, "{}: none of the published checkpoints that omma knows: give its --config", where);
  const Config config = source.config_file ? read_model_config(read_json(*source.config_file), source.config_file->string())
                                           : published_config(source.file, *prefix, source.from);
  const KeyTable keys = prefix ? original_keys(config, *prefix) : checkpoint_keys(config);
  const auto model = load_model<Model>(config, source.file, keys, where);
  save_model_directory(to, *model, {.config = write_model_config(config)}, torch::kFloat32);
  ImageProcessorConfig processor;  // DETR's
  processor.do_pad = true;
  copy_processor(source, to, write_image_processor(processor, "GroundingDino"));
  copy_bert_tokenizer(source, to);
}

}  // namespace omma::grounding_dino
