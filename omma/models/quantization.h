// Models with layers of 8-bit numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "omma/vision/image.h"

namespace omma {

// The next picture to calibrate on, none at the end.
using NextPicture = std::function<std::optional<Image>()>;

struct Quantized {
  std::int64_t pictures = 0;  // that it was calibrated on
  // |int8 - fp32| / |fp32| of the encoder's output for the last one; of a language model's of the weights themselves.
  double relative_error = 0;
};

// Writes a model directory like `from`, with layers of 8-bit numbers: SAM's encoder, calibrated on the pictures, in a quarter of
// these layers' memory, and about half of their time in bf16 where the processor has AVX-512 VNNI or AMX; a language model, which
// needs no pictures, in half of bf16's memory. The directory `to` must be absent or
// empty; after a failure it holds nothing. Throws std::invalid_argument for models that have no such form.
Quantized quantize_model(const std::filesystem::path& from, const std::filesystem::path& to, const NextPicture& next);

}  // namespace omma
