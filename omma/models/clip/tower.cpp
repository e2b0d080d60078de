#include "omma/models/clip/tower.h"

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/clip/matcher.h"
#include "omma/nn/model_directory.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

json config_file_of(const fs::path& directory) { return read_json(directory / "config.json"); }

bool holds_texts(const json& config) { return config.is_object() && config.contains("vision_config"); }

ClipVisionConfig config_of(const json& config, const fs::path& directory) {
  const std::string where = (directory / "config.json").string();
  if (holds_texts(config)) return read_clip_config(config, where).vision_config;
  const std::string type = config.is_object() ? config.value("model_type", "") : "";
  check(type == "clip_vision_model", "{}: model_type: expected clip or clip_vision_model, got \"{}\"", where, type);
  return read_config<ClipVisionConfig>(config, where);
}

// transformers 4 writes its wrapper's name before every key, 5 does not.
KeyTable tower_keys() {
  return {.rules = {{"vision_model.**", {"**"}}}, .ignored = {"vision_model.embeddings.position_ids", "embeddings.position_ids"}};
}

}  // namespace

ClipVisionConfig read_clip_tower_config(const fs::path& directory) { return config_of(config_file_of(directory), directory); }

ClipVisionModel load_clip_tower(const fs::path& directory) {
  const json config = config_file_of(directory);
  if (!holds_texts(config))
    return load_model<ClipVisionModel>(config_of(config, directory), read_weights(directory), tower_keys(), directory.string());
  const ClipConfig whole = read_clip_config(config, (directory / "config.json").string());
  return load_model<Clip>(whole, read_weights(directory), clip_keys(), directory.string())->vision_model;
}

void save_clip_tower(const fs::path& directory, const ClipVisionModel& tower, const ImageProcessorConfig& processor) {
  torch::nn::Module wrapper;  // version 5 reads either name, 4 only this one
  wrapper.register_module("vision_model", tower.ptr());
  json config = write_config(tower->config());
  config["model_type"] = "clip_vision_model";
  config["architectures"] = {"CLIPVisionModel"};
  save_model_directory(directory, wrapper, {.config = config, .processor = write_image_processor(processor, "CLIP")},
                       torch::kFloat16);
}

}  // namespace omma
