// How a picture's metadata says that it is to be turned. Not part of the interface: see image_file.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace omma {

// The orientation (tag 0x0112 of IFD 0) of a TIFF structure, with or without the "Exif\0\0" before it: the first of its values, of
// any integer type, 1 where that is not 1..8. Nothing where the block has none or is malformed. Reads one directory only, so that
// links in a circle cannot hold it.
std::optional<int> exif_orientation(std::span<const std::uint8_t> block);

// The first tiff:Orientation of an XMP packet, an attribute or an element; 1 where that is not 1..8.
std::optional<int> xmp_orientation(std::string_view packet);

// What a picture with these blocks, either of which may be empty, has: EXIF's, XMP's where EXIF has none, else 1 (Pillow's order).
int stored_orientation(std::span<const std::uint8_t> exif, std::string_view xmp);

}  // namespace omma
