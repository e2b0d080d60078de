// Language models, alone or within a LLaVA, with weights of 8-bit numbers.
#pragma once

#include <filesystem>

#include "omma/models/quantization.h"
#include "omma/nn/weights.h"

namespace omma {

// Writes into the existing directory `to` what `from` holds, with the linear weights of the language model's layers as an
// Int8Weight (nn/linear.h) each; the words' embeddings, the head, a tower and a projector stay as they are. Nothing is calibrated:
// inputs are not rounded. `keys` are the model's. Memory is needed for the new weights alone. Throws std::invalid_argument for a
// model that is of such numbers already.
Quantized quantize_language_layers(const std::filesystem::path& from, const std::filesystem::path& to, const KeyTable& keys);

}  // namespace omma
