// The minimal build has no libwebp.
#include "omma/base/error.h"
#include "omma/io/clip_reader.h"
#include "omma/io/image_codec.h"
#include "omma/io/image_format.h"

namespace omma {

std::string_view supported_image_formats() { return "JPEG, PNG, GIF, BMP or TIFF"; }

ImageHeader read_webp_header(std::span<const std::uint8_t>, std::string_view name, const ImageLimits&) {
  fail("{}: this build reads no WebP (OMMA_MINIMAL)", name);
}

DecodedImage decode_webp(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  read_webp_header(bytes, name, limits);
  return {};
}

bool begins_webp_animation(std::span<const std::uint8_t>) { return false; }

std::unique_ptr<ClipReader> open_webp_animation(const ByteSource&, DecodingBudget& budget) {
  fail("{}: this build reads no WebP (OMMA_MINIMAL)", budget.name());
}

}  // namespace omma
