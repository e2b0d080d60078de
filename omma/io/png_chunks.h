// A PNG's chunks, walked without decoding them. Not part of the interface: see image_file.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace omma {

// The orientation that a PNG's metadata tells, wherever Pillow looks for it: EXIF in an eXIf chunk or, in hexadecimal digits, in a
// text "Raw profile type exif" (ImageMagick's), else XMP in a text "XML:com.adobe.xmp"; 1 where there is none. Of a compressed
// text at most 1 MiB is inflated, of several of one name the last. Throws std::invalid_argument where the file ends inside a
// chunk; without IEND, or with less than a chunk's head behind the last one, it is whole. `name` begins the error.
int png_orientation(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace omma
