// The authors' GLIP checkpoints to model directories.
#pragma once

#include <filesystem>

#include "omma/io/tensor_file.h"
#include "omma/models/conversion.h"
#include "omma/models/glip/authors_config.h"
#include "omma/models/glip/config.h"

namespace omma::glip {

// Writes config.json, model.safetensors, the processor's and the tokenizer's files into the existing directory `to`.
//
// The source is one of the authors' .pth files (microsoft/GLIP: GLIP-T (A, B, C), GLIP-T, GLIP-L or one like them, whose sizes its
// tensors tell), with their YAML file or without, or a model directory. Throws std::invalid_argument naming what is missing.
void convert(const ConversionSource& source, const std::filesystem::path& to);

// What the tensors of an authors' file, whose names begin with `prefix`, tell of the model; the rest as published. Throws
// std::invalid_argument that begins with `where`.
Config config_of(const TensorFile& file, const std::string& prefix, const std::string& where);

}  // namespace omma::glip
