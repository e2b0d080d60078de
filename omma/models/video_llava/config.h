// Video-LLaVA's configuration, as transformers' config.json holds it (model type "video_llava"), and beside it what that leaves
// out: the authors' video tower looks at time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "omma/base/config.h"
#include "omma/models/llava/config.h"

namespace omma {

// Field names of LanguageBind's vision_config.
struct VideoTowerConfig : ClipVisionConfig {
  bool add_time_attn = true;
  int64_t num_frames = 8;  // of every clip

  template <class Fields>
  void fields(Fields& field) {
    ClipVisionConfig::fields(field);
    field("add_time_attn", add_time_attn);
    field("num_frames", num_frames, Range{1, 4096});
  }
};

struct VideoLlavaConfig : LlavaConfig {
  int64_t video_token_index = 32001;  // the token that stands for clips
  // Of the video tower; none: it is as the pictures' and sees every frame by itself (transformers' port).
  std::optional<VideoTowerConfig> video_config = {};

  bool sees_time() const { return video_config && video_config->add_time_attn; }
  int64_t frames() const { return video_config ? video_config->num_frames : 8; }  // of a clip where nobody says
  const ClipVisionConfig& video_tower() const { return video_config ? *video_config : vision_config; }
  // The class token is among them, whatever the strategy for pictures.
  int64_t tokens_per_frame() const { return video_tower().grid() * video_tower().grid() + 1; }

  template <class Fields>
  void fields(Fields& field) {
    LlavaConfig::fields(field);
    field(FieldNames{"video_token_index", "video_token_id"}, video_token_index, Range{0, 1 << 24});
    field("video_config", video_config);
  }
  void validate(Faults& faults) const;
};

// Reads what transformers 4 or 5 wrote, or omma. Throws std::invalid_argument listing every fault.
VideoLlavaConfig read_video_llava_config(const json& object, std::string_view where);

// As transformers reads it; `video_config` is ours.
json write_video_llava_config(const VideoLlavaConfig& config);

}  // namespace omma
