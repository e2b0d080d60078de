// Original BLIP-2 checkpoints of LAVIS to model directories.
#pragma once

#include <filesystem>

#include "omma/models/conversion.h"

namespace omma {

// Whether it is one of the authors' files: a Q-Former beside learned queries.
bool is_original_blip2(const TensorFile& file);

// Writes a model directory into the existing one `to`. The source is a .pth file of LAVIS, whose names tell what it is:
// - of the first stage or for retrieval (blip2_pretrained.pth): Blip2ForImageTextRetrieval. Its language head is left out, as
//   transformers does.
// - of the second stage, with OPT or T5 (blip2_pretrained_opt2.7b.pth): Blip2ForConditionalGeneration;
// - InstructBLIP's, with T5 or Vicuna: InstructBlipForConditionalGeneration.
// They hold what was trained alone. The frozen picture encoder, EVA's ViT-g or CLIP's ViT-L, comes from ConversionSource::vision
// (convert_vision.h) unless the file has one, the frozen language model from the directory ConversionSource::base
// (convert_language.h). Sizes are read off the tensors, where `config` does not say. Throws std::invalid_argument naming what is
// missing.
void convert_blip2(const ConversionSource& source, const std::filesystem::path& to);

}  // namespace omma
