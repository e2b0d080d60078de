// SAM with a picture encoder of 8-bit numbers.
#pragma once

#include <filesystem>

#include "omma/models/quantization.h"

namespace omma::sam {

// Writes into the existing directory `to` what `from` holds, with the linear layers of the encoder's blocks as nn/int8_linear.h has
// them, for the inputs that these get of the pictures. Throws std::invalid_argument for a TinyViT, for what is quantized already,
// and without pictures.
Quantized quantize(const std::filesystem::path& from, const std::filesystem::path& to, const NextPicture& next);

}  // namespace omma::sam
