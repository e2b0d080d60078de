#include "omma/models/grounding_dino/convert.h"

#include <array>
#include <string>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/hub_cache.h"
#include "omma/io/tensor_file.h"
#include "omma/models/grounding_dino/grounding_dino.h"
#include "omma/models/grounding_dino/key_table.h"
#include "omma/nn/weights.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr std::array kTokenizerFiles = {"tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"};
constexpr std::array kProcessorFiles = {"preprocessor_config.json", "processor_config.json"};

// Copies the files that are there; how many were.
template <std::size_t count>
std::size_t copy_files(const fs::path& from, const fs::path& to, const std::array<const char*, count>& names) {
  std::size_t copied = 0;
  for (const char* name : names)
    if (fs::exists(from / name)) copied += fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing) ? 1 : 0;
  return copied;
}

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

void write_tokenizer(const fs::path& source, const fs::path& to) {
  if (copy_files(source, to, kTokenizerFiles) > 0) return;
  for (const char* id : {"google-bert/bert-base-uncased", "bert-base-uncased"})
    if (const auto cached = find_in_hub_cache(id); cached && copy_files(*cached, to, kTokenizerFiles) > 0) return;
  fail(
      "{}: no tokenizer beside it, and bert-base-uncased is not in the Hugging Face cache; fetch it with: hf download "
      "google-bert/bert-base-uncased tokenizer.json tokenizer_config.json vocab.txt",
      source.string());
}

void write_processor(const fs::path& source, const fs::path& to) {
  if (copy_files(source, to, kProcessorFiles) > 0) return;
  const json processor = {{"image_processor_type", "GroundingDinoImageProcessor"},
                          {"do_resize", true},
                          {"do_rescale", true},
                          {"do_normalize", true},
                          {"do_pad", true},
                          {"resample", 2},
                          {"rescale_factor", 1.0 / 255},
                          {"size", {{"shortest_edge", 800}, {"longest_edge", 1333}}},
                          {"image_mean", {0.485, 0.456, 0.406}},
                          {"image_std", {0.229, 0.224, 0.225}}};
  write_file(to / "preprocessor_config.json", dump_json(processor, 2) + "\n");
}

TensorFile read_any(const fs::path& from) {
  if (fs::is_directory(from)) return read_weights(from);
  return from.extension() == ".safetensors" ? read_safetensors(from) : read_torch_archive(from);
}

}  // namespace

void convert_grounding_dino(const fs::path& from, const fs::path& to, const std::optional<fs::path>& config_file) {
  const TensorFile file = read_any(from);
  const std::optional<std::string> prefix = original_prefix(file);
  const fs::path source = config_file ? config_file->parent_path() : fs::is_directory(from) ? from : from.parent_path();
  const std::optional<fs::path> told = config_file              ? config_file
                                       : fs::is_directory(from) ? std::optional(from / "config.json")
                                                                : std::nullopt;
  check(told || prefix, "{}: none of the published Grounding DINO checkpoints: give its --config", from.string());
  const GroundingDinoConfig config =
      told ? read_grounding_dino_config(read_json(*told), told->string()) : published_config(file, *prefix, from);

  const KeyTable keys = prefix ? original_grounding_dino_keys(config, *prefix) : grounding_dino_keys(config);
  check_weights<GroundingDino>(config, file, keys, from.string());
  GroundingDino model(config);
  load_weights(*model, file, keys, from.string());
  save_weights(to / "model.safetensors", *model);
  write_file(to / "config.json", dump_json(write_grounding_dino_config(config, "float32"), 2) + "\n");
  write_processor(source, to);
  write_tokenizer(source, to);
}

}  // namespace omma
