// The small LLaVA in its authors' files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "omma/base/file.h"
#include "omma/models/llava/original_weights.h"
#include "omma/nn/lora.h"
#include "tests/unit/llava/small_llava.h"

namespace omma::testing {

// The tensors of a part of the model, "language_model.", under the name that the authors give it.
inline void add_part(TensorSet& tensors, const Llava& model, const std::string& part, const std::string& name) {
  for (const auto& [own, weight] : merged_weights(*model))
    if (own.starts_with(part)) tensors.set(name + own.substr(part.size()), weight.detach());
}

inline TensorSet original_language_model(const Llava& model) {
  TensorSet tensors;
  add_part(tensors, model, "language_model.model.", "model.");
  add_part(tensors, model, "language_model.lm_head.", "lm_head.");
  return tensors;
}

inline void add_original_projector(TensorSet& tensors, const Llava& model) {
  add_part(tensors, model, "multi_modal_projector.linear_1.", "model.mm_projector.0.");
  add_part(tensors, model, "multi_modal_projector.linear_2.", "model.mm_projector.2.");
}

inline void write_tensors(const std::filesystem::path& file, const TensorSet& tensors) {
  write_safetensors(file, tensors.file().tensors());
}

// A tower's directory, as Hugging Face has it.
inline void write_tower(const std::filesystem::path& directory, const Llava& model) {
  std::filesystem::create_directories(directory);
  const LlavaConfig& config = model->config();
  json object = write_config(config.vision_config);
  object["model_type"] = "clip_vision_model";
  write_file(directory / "config.json", dump_json(object));
  const auto processor = cropping_image_processor(config.vision_config.image_size);
  write_file(directory / "preprocessor_config.json", dump_json(write_image_processor(processor, "CLIP")));
  TensorSet tensors;
  add_part(tensors, model, "vision_tower.", "");
  write_tensors(directory / "model.safetensors", tensors);
}

inline json original_config(const Llava& model, const std::filesystem::path& tower) {
  json object = write_config(model->config().text_config);
  object.update({{"model_type", "llava_llama"},
                 {"architectures", {"LlavaLlamaForCausalLM"}},
                 {"mm_vision_tower", tower.string()},
                 {"mm_projector_type", "mlp2x_gelu"},
                 {"mm_vision_select_layer", -2},
                 {"mm_vision_select_feature", "patch"},
                 {"mm_use_im_patch_token", false},
                 {"image_aspect_ratio", "pad"}});
  return object;
}

// DIRECTORY/tower, and DIRECTORY/llava: config.json with `changes`, tokenizer.json and model.safetensors, of which `edit` makes
// something else.
inline std::filesystem::path write_original_llava(const std::filesystem::path& directory, const Llava& model,
                                                  const json& changes = json::object(),
                                                  const std::function<void(TensorSet&)>& edit = nullptr) {
  const std::filesystem::path checkpoint = directory / "llava";
  std::filesystem::create_directories(checkpoint);
  write_tower(directory / "tower", model);
  json config = original_config(model, directory / "tower");
  config.update(changes);
  write_file(checkpoint / "config.json", dump_json(config));
  write_file(checkpoint / "tokenizer.json", dump_json(small_llava_tokenizer()));
  TensorSet tensors = original_language_model(model);
  add_original_projector(tensors, model);
  if (edit) edit(tensors);
  write_tensors(checkpoint / "model.safetensors", tensors);
  return checkpoint;
}

}  // namespace omma::testing
