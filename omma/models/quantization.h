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
  double relative_error = 0;  // of the encoder's output for the last one: |int8 - fp32| / |fp32|
};

// Writes a model directory like `from`, with layers of 8-bit numbers, calibrated on the pictures: a quarter of these layers'
// memory, and about half of their time in bf16 where the processor has AVX-512 VNNI or AMX. The directory `to` must be absent or
// empty; after a failure it holds nothing. Throws std::invalid_argument for models that have no such form.
Quantized quantize_model(const std::filesystem::path& from, const std::filesystem::path& to, const NextPicture& next);

}  // namespace omma
