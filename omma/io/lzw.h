// LZW as GIF and TIFF have it. Not part of the interface: see image_file.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace omma {

// GIF's codes begin at the low end of a byte; TIFF's at the high end, and become wider one code earlier.
enum class LzwCodes { gif, tiff };

// Fills `out` with bytes of `bits` bits, 1..8. Gives how many there were: fewer where the data end or are corrupt before.
std::size_t inflate_lzw(std::span<const std::uint8_t> data, LzwCodes codes, int bits, std::span<std::uint8_t> out);

}  // namespace omma
