// Original SAM checkpoints to model directories.
#pragma once

#include <filesystem>

#include "omma/io/tensor_file.h"
#include "omma/models/conversion.h"
#include "omma/models/sam/config.h"

namespace omma::sam {

// Writes config.json, model.safetensors and the processor's file into the existing directory `to`.
//
// The source is one of the authors' files (facebookresearch/segment-anything: sam_vit_b, _l, _h .pth, or MobileSAM's .pt, told
// apart by their shapes), or a model directory. Throws std::invalid_argument naming what is missing.
void convert(const ConversionSource& source, const std::filesystem::path& to);

// What the authors' file is of. They published three sizes; the width of the patch embedding tells which. MobileSAM's encoder tells
// its own. Throws std::invalid_argument for another.
Config published_config(const TensorFile& file, const std::filesystem::path& from);

}  // namespace omma::sam
