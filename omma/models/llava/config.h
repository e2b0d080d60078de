// LLaVA's configuration, as transformers' config.json holds it (model types "llava" and "llava_next").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/clip_vision.h"
#include "omma/nn/llama.h"
#include "omma/vision/resize.h"

namespace omma {

struct LlavaConfig {
  bool next = false;  // LLaVA-NeXT (1.6): parts of the picture beside the whole, a learned vector at the end of each row
  ClipVisionConfig vision_config;
  LlamaConfig text_config;
  std::string text_model_type = "llama";  // of text_config: llama or mistral
  int64_t image_token_index = 32000;      // the token that stands for pictures
  std::string projector_hidden_act = "gelu";
  bool multimodal_projector_bias = true;
  // Which of the tower's states become tokens: 0 is what goes into its first block; negative numbers count from the end. Several
  // are joined.
  std::vector<int64_t> vision_feature_layer = {-2};
  std::string vision_feature_select_strategy = "default";  // "default": without the class token; "full": with it
  std::vector<Size> image_grid_pinpoints = {};             // next: what parts may add up to, in pixels

  // The same as indices of hidden_states().
  std::vector<int64_t> feature_states() const;
  bool drops_class_token() const { return vision_feature_select_strategy == "default"; }
  // Of one view of the tower's size.
  int64_t tokens_per_view() const { return vision_config.grid() * vision_config.grid() + (drops_class_token() ? 0 : 1); }

  template <class Fields>  // but for text_config, whose defaults its type decides
  void fields(Fields& field) {
    field("vision_config", vision_config);
    field(FieldNames{"image_token_index", "image_token_id"}, image_token_index, Range{0, 1 << 24});
    field("projector_hidden_act", projector_hidden_act);
    field("multimodal_projector_bias", multimodal_projector_bias);
    field("vision_feature_layer", vision_feature_layer, Range{-1025, 1024});
    field("vision_feature_select_strategy", vision_feature_select_strategy);
  }
  void validate(Faults& faults) const;
};

// Reads what transformers 4 or 5 wrote, with its defaults for what is left out. Throws std::invalid_argument listing every fault.
LlavaConfig read_llava_config(const json& object, std::string_view where);

// For relatives of the format: `vision_feature_layer` as a list, and into `config` what the fields above leave out, with the check
// that the tower is CLIP's.
json with_layer_list(json object);
void read_llava_parts(LlavaConfig& config, const json& object, std::string_view where);

// Its image_grid_pinpoints, or transformers' where it has none.
std::vector<Size> read_grid_pinpoints(const json& object, std::string_view where);

// CLIP's ViT-L/14 at 336 pixels, which transformers takes where there is no vision_config at all.
ClipVisionConfig default_llava_tower();

// As transformers reads it.
json write_llava_config(const LlavaConfig& config);

}  // namespace omma
