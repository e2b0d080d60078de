// Original BLIP checkpoints to model directories.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "omma/models/conversion.h"

namespace omma {

// What stands before every name of an authors' file ("model.", ""); nullopt where it is none of theirs.
std::optional<std::string> original_blip_prefix(const TensorFile& file);

// Writes config.json, model.safetensors, generation_config.json, the processor's and the tokenizer's files into the existing
// directory `to`. The source is one of the authors' .pth files (salesforce/BLIP: captioning, retrieval, question answering or
// pre-trained, base or large, told apart by names and shapes), or a model directory. The directory captions, matches and answers
// with the authors' own settings: see BlipConfig::swap_first_token. Throws std::invalid_argument naming what is missing.
void convert_blip(const ConversionSource& source, const std::filesystem::path& to);

}  // namespace omma
