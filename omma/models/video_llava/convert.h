// Checkpoints of Video-LLaVA's authors (PKU-YuanGroup/Video-LLaVA, 984e65b) to a model directory.
#pragma once

#include <filesystem>

#include "omma/models/conversion.h"

namespace omma {

// Whether its config.json is theirs (is_original_video_config()).
bool is_original_video_llava(const ConversionSource& source);

// A whole checkpoint, LoRA, projector or delta as convert_llava() takes them, with two towers. Their configs, which tell the
// activation and how many frames the video tower was made for, are those of the directories or IDs that mm_image_tower and
// mm_video_tower name (LanguageBind/LanguageBind_Image, LanguageBind/LanguageBind_Video_merge); their weights as well, unless the
// checkpoint has them. Pictures and frames are resized as the authors do it, without antialias, and frames never flipped. Throws
// std::invalid_argument as convert_llava() does.
void convert_video_llava(const ConversionSource& source, const std::filesystem::path& to);

}  // namespace omma
