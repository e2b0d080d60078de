#include "omma/models/llava/original.h"

#include <algorithm>
#include <array>
#include <utility>

#include "omma/base/error.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr std::array architectures = {"LlavaLlamaForCausalLM", "LlavaMistralForCausalLM"};

std::string architecture_of(const json& config) {
  const json list = config.value("architectures", json());
  return list.is_array() && !list.empty() && list[0].is_string() ? list[0].get<std::string>() : "";
}

std::string text_of(const json& config, const char* field) {
  const json value = config.value(field, json());
  return value.is_string() ? value.get<std::string>() : "";
}

// "llava-v1.5-7b" of a directory, and of a snapshot in the Hugging Face cache.
std::string name_of(const fs::path& from) {
  const fs::path place = (fs::absolute(from) / ".").lexically_normal().parent_path();
  return (place.parent_path().filename() == "snapshots" ? place.parent_path().parent_path() : place).filename().string();
}

char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Training scripts leave the text that they were given: "[(336, 672), (672, 336)]".
json pinpoints_of(const OriginalLlava& original) {
  if (!original.image_grid_pinpoints.is_string()) return original.image_grid_pinpoints;
  std::string text = original.image_grid_pinpoints;
  std::ranges::replace(text, '(', '[');
  std::ranges::replace(text, ')', ']');
  return parse_json(text, original.where + ": image_grid_pinpoints");
}

}  // namespace

void OriginalLlava::validate(Faults& faults) const {
  faults.expect(has_video() || !mm_vision_tower.empty(), "mm_vision_tower: expected a name or directory, found none");
  faults.expect(!has_video() || (!mm_image_tower.empty() && !mm_video_tower.empty()),
                "mm_image_tower, mm_video_tower: expected both, found one of them");
  faults.expect(!has_video() || !mm_use_im_start_end, "mm_use_im_start_end: expected false with towers of clips");
  faults.expect(linear() || mm_projector_type == "mlp2x_gelu",
                "mm_projector_type: expected linear or mlp2x_gelu, which transformers' LLaVA can be, got \"{}\"",
                mm_projector_type);
  faults.expect(mm_vision_select_feature == "patch" || mm_vision_select_feature == "cls_patch",
                "mm_vision_select_feature: expected patch or cls_patch, got \"{}\"", mm_vision_select_feature);
  const bool known = image_aspect_ratio == "pad" || image_aspect_ratio == "square" || image_aspect_ratio == "none" ||
                     image_aspect_ratio == "anyres";
  faults.expect(known, "image_aspect_ratio: expected pad, square or anyres, got \"{}\"", image_aspect_ratio);
  if (image_aspect_ratio != "anyres") return;
  faults.expect(mm_patch_merge_type == "spatial_unpad", "mm_patch_merge_type: expected spatial_unpad, got \"{}\"",
                mm_patch_merge_type);
  faults.expect(!image_grid_pinpoints.is_null(), "image_grid_pinpoints: expected a list of [width, height], found none");
}

ImageAspect OriginalLlava::aspect() const {
  if (image_aspect_ratio == "anyres") return ImageAspect::anyres;
  return image_aspect_ratio == "pad" ? ImageAspect::pad : ImageAspect::crop;
}

bool is_original_video_config(const json& config) {
  return config.is_object() && (!text_of(config, "mm_image_tower").empty() || !text_of(config, "mm_video_tower").empty());
}

bool is_original_config(const json& config) {
  if (!config.is_object() || is_original_video_config(config)) return false;
  const std::string type = text_of(config, "model_type");
  return config.contains("mm_vision_tower") || config.contains("mm_projector_type") || type == "llava_llama" ||
         type == "llava_mistral" || std::ranges::find(architectures, architecture_of(config)) != architectures.end();
}

OriginalLlava read_original_llava(const json& object, const std::string& where, const fs::path& from) {
  check(is_original_config(object) || is_original_video_config(object),
        "{}: expected a config of LLaVA's authors (mm_vision_tower, mm_projector_type)", where);
  auto original = read_config<OriginalLlava>(object, where);
  const std::string type = text_of(object, "model_type"), architecture = architecture_of(object);
  const bool known = type.empty() || type == "llava" || type == "llava_llama" || type == "llava_mistral" || type == "llama";
  check(known, "{}: model_type: expected llava, llava_llama or llava_mistral, got \"{}\"", where, type);
  // Before the authors had a class of their own they wrote LLaMA's.
  check(architecture.empty() || architecture == "LlamaForCausalLM" ||
            std::ranges::find(architectures, architecture) != architectures.end(),
        "{}: architectures: expected LlavaLlamaForCausalLM or LlavaMistralForCausalLM, got \"{}\"", where, architecture);
  original.where = where;
  original.object = object;
  original.names = name_of(from) + " " + original.name_or_path;
  std::ranges::transform(original.names, original.names.begin(), ascii_lower);
  original.mistral = type == "llava_mistral" || architecture == architectures[1];
  return original;
}

LlavaConfig llava_config_of(const OriginalLlava& original, const ClipVisionConfig& tower) {
  LlavaConfig config;
  json text = original.object;
  text["model_type"] = config.text_model_type = original.mistral ? "mistral" : "llama";
  config.text_config = read_llama_config(text, original.where);
  config.vision_config = tower;
  config.next = original.aspect() == ImageAspect::anyres;
  config.projector_hidden_act = original.linear() ? "linear" : "gelu";
  config.vision_feature_layer = {original.mm_vision_select_layer};
  config.vision_feature_select_strategy = original.mm_vision_select_feature == "patch" ? "default" : "full";
  if (!config.next) return config;
  // transformers reads [height, width].
  config.image_grid_pinpoints = read_grid_pinpoints({{"image_grid_pinpoints", pinpoints_of(original)}}, original.where);
  for (Size& size : config.image_grid_pinpoints) std::swap(size.width, size.height);
  return config;
}

std::string chat_template_of(const OriginalLlava& original, bool projector_alone) {
  if (projector_alone) return "plain";
  const auto has = [&](std::string_view part) { return original.names.find(part) != std::string::npos; };
  if (original.mistral || has("mistral")) return "mistral_instruct";
  if (has("llama-2") || has("llama_2")) return "llama_2";
  if (has("34b")) return "chatml";
  if (!original.linear()) return "vicuna_v1";
  return has("v1") ? "llava_v1" : "llava_v0";
}

}  // namespace omma
