// Original Grounding DINO checkpoints to model directories.
#pragma once

#include <filesystem>

#include "omma/models/conversion.h"

namespace omma::grounding_dino {

// Writes config.json, model.safetensors, the processor's and the tokenizer's files into the existing directory `to`.
//
// The source is one of the authors' .pth files (IDEA-Research/GroundingDINO: Swin-T or Swin-B, told apart by their shapes), or a
// model directory. Throws std::invalid_argument naming what is missing.
void convert(const ConversionSource& source, const std::filesystem::path& to);

}  // namespace omma::grounding_dino
