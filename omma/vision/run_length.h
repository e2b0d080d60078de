// Run-length masks as COCO writes them (cocoapi, maskApi.c).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace omma {

// Lengths of runs down the columns, from the left; the first run is of zeros and may be empty.
struct RunLengthMask {
  int width = 0;
  int height = 0;
  std::vector<std::uint32_t> counts;
};

// `mask` is [H, W] row-major; a pixel is set where it equals `value`.
RunLengthMask run_lengths(std::span<const std::uint8_t> mask, int width, int height, std::uint8_t value = 1);

// The "counts" string of compressed COCO RLE: differences to the run before the last in groups of 5 bits, as printable bytes.
std::string compressed_counts(const RunLengthMask& mask);

}  // namespace omma
