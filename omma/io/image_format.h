// What kind of file some bytes are, by their first ones. Not part of the interface: see image_file.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace omma {

// "JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF"; the name of another format people take for a picture ("HEIC", "SVG or XML", "PDF",
// "a video (AVI)"); else what describe_magic says of it.
std::string_view image_format(std::span<const std::uint8_t> bytes);

// "JPEG, PNG, WebP, GIF, BMP or TIFF", as this build has them: of the file that has WebP, or has not.
std::string_view supported_image_formats();

}  // namespace omma
