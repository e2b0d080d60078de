// Original SAM checkpoints to model directories.
#pragma once

#include <filesystem>

#include "omma/models/conversion.h"

namespace omma::sam {

// Writes config.json, model.safetensors and the processor's file into the existing directory `to`.
//
// The source is one of the authors' files (facebookresearch/segment-anything: sam_vit_b, _l, _h .pth, or MobileSAM's .pt, told
// apart by their shapes), or a model directory. Throws std::invalid_argument naming what is missing.
void convert(const ConversionSource& source, const std::filesystem::path& to);

}  // namespace omma::sam
