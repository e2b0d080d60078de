#include "omma/models/blip2/convert_vision.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/models/original_shapes.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr const char* layers = "vision_model.encoder.layers.";

// Where an encoder of the authors' tells its sizes, in its own names.
struct Original {
  const char *blocks, *norm, *fc1;  // of each block
  const char *positions, *patches;
  int64_t head_channels;
};
constexpr Original eva = {"blocks.", ".norm1.weight", ".mlp.fc1.weight", "pos_embed", "patch_embed.proj.weight", 88};
constexpr Original clip = {"transformer.resblocks.", ".ln_1.weight", ".mlp.c_fc.weight",
                           "positional_embedding",   "conv1.weight", 64};
constexpr int64_t clip_blocks = 21;  // that the authors keep of CLIP's 24

// Each block has biases of queries and values, none of keys.
KeyTable eva_keys() {
  const std::string block = "blocks.*.", layer = std::string(layers) + "*.";
  return {.rules = {{"cls_token", {"vision_model.embeddings.class_embedding"}},
                    {"pos_embed", {"vision_model.embeddings.position_embedding"}},
                    {"patch_embed.proj.*", {"vision_model.embeddings.patch_embedding.*"}},
                    {block + "norm1.*", {layer + "layer_norm1.*"}},
                    {block + "attn.qkv.*", {layer + "self_attn.qkv.*"}},
                    {block + "attn.proj.*", {layer + "self_attn.projection.*"}},
                    {block + "norm2.*", {layer + "layer_norm2.*"}},
                    {block + "mlp.**", {layer + "mlp.**"}}},
          .ignored = {"norm.*", "fc_norm.*", "head.*", block + "attn.q_bias", block + "attn.v_bias"}};
}

KeyTable clip_keys() {
  const std::string block = "transformer.resblocks.*.", layer = std::string(layers) + "*.";
  return {.rules = {{"conv1.weight", {"vision_model.embeddings.patch_embedding.weight"}},
                    {"ln_pre.*", {"vision_model.pre_layernorm.*"}},
                    {block + "ln_1.*", {layer + "layer_norm1.*"}},
                    {block + "attn.in_proj_weight", {layer + "self_attn.qkv.weight"}},
                    {block + "attn.in_proj_bias", {layer + "self_attn.qkv.bias"}},
                    {block + "attn.out_proj.*", {layer + "self_attn.projection.*"}},
                    {block + "ln_2.*", {layer + "layer_norm2.*"}},
                    {block + "mlp.c_fc.*", {layer + "mlp.fc1.*"}},
                    {block + "mlp.c_proj.*", {layer + "mlp.fc2.*"}}},
          .ignored = {"class_embedding", "positional_embedding", "ln_post.*", "ln_final.*", "proj"}};
}

Tensor read(const TensorFile& file, const std::string& name, const std::string& where) {
  const TensorView* view = file.find(name);
  check(view != nullptr, "{}: tensor \"{}\" is missing", where, name);
  return to_tensor(*view);
}

// What no renaming makes.
void add_eva_biases(const TensorFile& file, int64_t blocks, TensorSet& tensors) {
  for (int64_t i = 0; i < blocks; ++i) {
    const TensorView *query = file.find(fmt::format("blocks.{}.attn.q_bias", i)),
                     *value = file.find(fmt::format("blocks.{}.attn.v_bias", i));
    if (query == nullptr || value == nullptr) continue;
    const Tensor q = to_tensor(*query), v = to_tensor(*value);
    tensors.set(fmt::format("{}{}.self_attn.qkv.bias", layers, i), torch::cat({q, torch::zeros_like(q), v}));
  }
}

void add_clip_embeddings(const TensorFile& file, const std::string& where, TensorSet& tensors) {
  const std::string place = "vision_model.embeddings.";
  tensors.set(place + "class_embedding", read(file, "class_embedding", where).reshape({1, 1, -1}));
  tensors.set(place + "position_embedding", read(file, "positional_embedding", where).unsqueeze(0));
  tensors.set(place + "patch_embedding.bias", torch::zeros({read(file, "conv1.weight", where).size(0)}));  // it has none
}

// The tensors of `file` whose names begin with `prefix`, without it.
TensorFile part_of(const TensorFile& file, const std::string& prefix) {
  TensorSet part;
  for (const TensorView& view : file.tensors())
    if (view.name.starts_with(prefix)) part.set(view.name.substr(prefix.size()), to_tensor(view));
  return part.file();
}

// Sizes and tensors of an encoder by the authors' names. `is_part`: of a checkpoint, which holds the blocks in use alone.
void add_original(const ConversionSource& source, const TensorFile& file, const std::string& where, bool is_part,
                  TensorSet& tensors, Blip2VisionConfig& config) {
  const OriginalShapes shapes(file, where);
  const bool is_clip = shapes.has("class_embedding");
  const Original& names = is_clip ? clip : eva;
  const std::string blocks = names.blocks;
  const int64_t there = shapes.count(blocks, names.norm);
  config.num_hidden_layers = is_part ? there : is_clip ? std::min(there, clip_blocks) : there - 1;
  config.hidden_size = shapes.size(names.patches, 0);
  config.intermediate_size = shapes.size(blocks + "0" + names.fc1, 0);
  config.patch_size = shapes.size(names.patches, 2);
  const auto patches = static_cast<double>(shapes.size(names.positions, is_clip ? 0 : 1) - 1);
  config.image_size = static_cast<int64_t>(std::lround(std::sqrt(patches))) * config.patch_size;
  config.num_attention_heads = blip2_heads(source, "vision_config", config.hidden_size, names.head_channels);
  config.qkv_bias = is_clip || shapes.has("blocks.0.attn.q_bias");
  KeyTable keys = is_clip ? clip_keys() : eva_keys();
  for (int64_t i = config.num_hidden_layers; i < there; ++i) keys.ignored.push_back(fmt::format("{}{}.**", blocks, i));
  tensors.add(file, keys);
  if (!is_clip) return add_eva_biases(file, config.num_hidden_layers, tensors);
  config.hidden_act = "quick_gelu";
  config.layer_norm_eps = 1e-5;
  config.pre_layernorm = true;
  add_clip_embeddings(file, where, tensors);
}

void add_transformers(const ConversionSource& source, const TensorFile& file, TensorSet& tensors, Blip2VisionConfig& config) {
  KeyTable names;
  names.ignored = {"vision_model.post_layernorm.*"};  // is trained
  for (const char* other : {"qformer.**", "language_model.**", "language_projection.*", "query_tokens", "embeddings.**",
                            "vision_projection.*", "text_projection.*", "itm_head.*"})
    names.ignored.emplace_back(other);
  tensors.add(file, names);
  const fs::path config_file = source.vision / "config.json";
  config = read_blip2_config(read_json(config_file), config_file.string()).vision_config;
}

}  // namespace

int64_t blip2_heads(const ConversionSource& source, const char* part, int64_t channels, int64_t width) {
  const json given = source.config_file ? read_json(*source.config_file) : json::object();
  const json found = given.is_object() ? given.value(part, json()) : json();
  const json count = found.is_object() ? found.value("num_attention_heads", json()) : json();
  const int64_t number = count.is_number_unsigned() ? count.get<int64_t>() : std::max<int64_t>(1, channels / width);
  check(number > 0 && channels % number == 0,
        "{}: {}.num_attention_heads: expected a part of {} channels, got {}: tell it with --config FILE", source.from.string(),
        part, channels, number);
  return number;
}

void add_blip2_vision(const ConversionSource& source, const TensorFile& own, TensorSet& tensors, Blip2VisionConfig& config) {
  const std::string where = source.from.string();
  const TensorFile part = part_of(own, "visual_encoder.");
  if (!part.tensors().empty()) return add_original(source, part, where, /*is_part=*/true, tensors, config);
  check(
      !source.vision.empty(),
      "{}: it lacks its frozen picture encoder (visual_encoder.*): name it with --vision FILE|DIR (eva_vit_g.pth, clip_vit_L.pth)",
      where);
  const TensorFile file = read_checkpoint(source.vision);
  if (file.find("vision_model.embeddings.class_embedding") != nullptr) return add_transformers(source, file, tensors, config);
  add_original(source, file, source.vision.string(), /*is_part=*/false, tensors, config);
}

}  // namespace omma
