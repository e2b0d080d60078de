// CLIP's image encoder by itself, as LLaVA takes it.
#pragma once

#include <filesystem>

#include "omma/nn/clip_vision.h"
#include "omma/nn/image_processor.h"

namespace omma {

// Of a CLIPModel directory, or of one that holds the image encoder alone (transformers' CLIPVisionModel). Both throw
// std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
ClipVisionConfig read_clip_tower_config(const std::filesystem::path& directory);
ClipVisionModel load_clip_tower(const std::filesystem::path& directory);

// Writes a directory that load_clip_tower and transformers' CLIPVisionModel load, in fp16.
void save_clip_tower(const std::filesystem::path& directory, const ClipVisionModel& tower, const ImageProcessorConfig& processor);

}  // namespace omma
