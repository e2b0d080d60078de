// The orientation tag of an EXIF block. Not part of the interface: see image_file.h.
#pragma once

#include <cstdint>
#include <span>

namespace omma {

// The orientation (tag 0x0112 of IFD 0) of a TIFF structure, with or without the "Exif\0\0" before it; 1 where the block has none,
// is malformed, or the value is not 1..8. Reads one directory only, so that links in a circle cannot hold it.
int exif_orientation(std::span<const std::uint8_t> block);

}  // namespace omma
