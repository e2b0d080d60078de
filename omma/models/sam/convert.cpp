#include "omma/models/sam/convert.h"

#include <array>
#include <string>

#include "omma/base/error.h"
#include "omma/models/sam/key_table.h"
#include "omma/models/sam/processor.h"
#include "omma/models/sam/sam.h"
#include "omma/models/sam/tiny_vit_keys.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/weights.h"

namespace omma::sam {
namespace fs = std::filesystem;
namespace {

struct PublishedSize {
  int64_t width, layers, heads;
  std::array<int64_t, 4> global_layers;
};
constexpr std::array published_sizes = {PublishedSize{768, 12, 12, {2, 5, 8, 11}}, PublishedSize{1024, 24, 16, {5, 11, 17, 23}},
                                        PublishedSize{1280, 32, 16, {7, 15, 23, 31}}};

}  // namespace

Config published_config(const TensorFile& file, const fs::path& from) {
  Config config;
  config.mask_decoder_config.layer_norm_eps = 1e-5;  // torch's default, which the authors left; transformers' files say 1e-6
  if (has_tiny_vit(file)) {
    config.tiny_vit = tiny_vit_config_of(file);
    return config;
  }
  const std::string name = "image_encoder.patch_embed.proj.weight";
  const TensorView* patches = file.find(name);
  check(patches != nullptr && !patches->shape.empty(), "{}: tensor \"{}\" is missing", from.string(), name);
  for (const PublishedSize& size : published_sizes) {
    if (patches->shape[0] != size.width) continue;
    config.vision_config.hidden_size = size.width;
    config.vision_config.num_hidden_layers = size.layers;
    config.vision_config.num_attention_heads = size.heads;
    config.vision_config.global_attn_indexes.assign(size.global_layers.begin(), size.global_layers.end());
    return config;
  }
  fail("{}: an encoder of width {} is none of the published ones (768, 1024, 1280): give its --config", from.string(),
       patches->shape[0]);
}

void convert(const ConversionSource& source, const fs::path& to) {
  const std::string where = source.from.string();
  const bool original = is_original(source.file);
  check(source.config_file || original, "{}: none of the published checkpoints that omma knows: give its --config", where);
  const Config config = source.config_file ? read_model_config(read_json(*source.config_file), source.config_file->string())
                                           : published_config(source.file, source.from);
  const auto model = load_model<Model>(config, source.file, original ? original_keys(source.file) : checkpoint_keys(), where);
  save_model_directory(to, *model, {.config = write_model_config(config)}, torch::kFloat32);
  copy_processor(source, to, write_processor(image_processor(config), config));
}

}  // namespace omma::sam
