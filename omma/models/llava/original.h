// config.json of LLaVA's authors (haotian-liu/LLaVA 1.2.2, llava/model/llava_arch.py and multimodal_encoder/clip_encoder.py): that
// of a LLaMA or Mistral, and beside its fields those of the tower, the projector and how pictures are looked at.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "omma/base/config.h"
#include "omma/models/llava/config.h"
#include "omma/models/llava/processor.h"

namespace omma {

struct OriginalLlava {
  std::string where;  // the file, for messages
  json object;        // all that it holds
  std::string names;  // of its directory and of `_name_or_path`, in lower case: they tell a checkpoint's family
  bool mistral = false;

  std::string name_or_path;  // what its training began with, or where it came from
  std::string mm_vision_tower;
  std::string mm_image_tower, mm_video_tower;  // of Video-LLaVA, in its place
  std::string mm_projector_type = "linear";
  int64_t mm_vision_select_layer = -2;
  std::string mm_vision_select_feature = "patch";
  std::string mm_patch_merge_type = "flat";
  std::string image_aspect_ratio = "square";  // the middle is cut out
  json image_grid_pinpoints;                  // of anyres: [width, height] each, a list or a text of one
  bool mm_use_im_start_end = false;
  std::optional<bool> mm_use_im_patch_token;

  template <class Fields>
  void fields(Fields& field) {
    field("_name_or_path", name_or_path);
    field("mm_vision_tower", mm_vision_tower);
    field("mm_image_tower", mm_image_tower);
    field("mm_video_tower", mm_video_tower);
    field("mm_projector_type", mm_projector_type);
    field("mm_vision_select_layer", mm_vision_select_layer, Range{-1025, 1024});
    field("mm_vision_select_feature", mm_vision_select_feature);
    field("mm_patch_merge_type", mm_patch_merge_type);
    field("image_aspect_ratio", image_aspect_ratio);
    field("image_grid_pinpoints", image_grid_pinpoints);
    field("mm_use_im_start_end", mm_use_im_start_end);
    field("mm_use_im_patch_token", mm_use_im_patch_token);
  }
  void validate(Faults& faults) const;

  bool has_video() const { return !mm_image_tower.empty() || !mm_video_tower.empty(); }
  bool linear() const { return mm_projector_type == "linear"; }
  ImageAspect aspect() const;
};

// Whether a config.json is the authors': it names a tower, or one of their classes. Video-LLaVA's (PKU-YuanGroup/Video-LLaVA),
// which names one of pictures and one of clips, is the other's.
bool is_original_config(const json& config);
bool is_original_video_config(const json& config);

// Of the checkpoint `from`. Throws std::invalid_argument listing every fault: other language models and projectors than those that
// transformers' LLaVA has.
OriginalLlava read_original_llava(const json& object, const std::string& where, const std::filesystem::path& from);

// The same as transformers has it, with `vocab_size` and `image_token_index` yet to be set. The grid's sides change places.
LlavaConfig llava_config_of(const OriginalLlava& original, const ClipVisionConfig& tower);

// The name of the built-in chat template (text/chat_template.h) that a checkpoint was taught with, as the authors' programs tell it
// by the directory's name: `plain` for a projector alone, `mistral_instruct`, `llama_2`, `chatml` (34B), `vicuna_v1` for the MLP
// projectors of 1.5 and 1.6; of linear ones `llava_v1` where the name has a "v1", else `llava_v0`.
std::string chat_template_of(const OriginalLlava& original, bool projector_alone);

}  // namespace omma
