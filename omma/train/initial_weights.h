// Starting a model from another's weights.
#pragma once

#include <cstdint>
#include <filesystem>

#include "omma/nn/torch.h"

namespace omma {

// Copies into `module` every tensor of a safetensors file or model directory whose name and shape fit one of its parameters; the
// others are counted in a log line. Returns how many were copied. Throws std::invalid_argument where none fits.
int64_t load_matching_weights(torch::nn::Module& module, const std::filesystem::path& file_or_directory);

}  // namespace omma
