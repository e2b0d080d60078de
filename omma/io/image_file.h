// Picture files: JPEG, PNG, WebP, GIF, BMP and TIFF in, PNG and JPEG out. Files from outside are hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/vision/image.h"

namespace omma {

struct ImageLimits {
  std::int64_t pixels = 178'956'970;  // width x height, checked before decoding
  int side = 65'535;
  std::size_t file_bytes = std::size_t{256} << 20;
};

// The picture as a person sees it, in 8-bit RGB: what Pillow 13.0 gives for ImageOps.exif_transpose(Image.open(f)).convert("RGB"),
// to the bit, JPEG with libjpeg-turbo 2 and 3. That is: turned by the orientation in EXIF or a TIFF's directory, else in XMP (one
// out of 1..8 counts as 1); alpha dropped, not composed; colour profiles, gamma and HDR metadata ignored; CMYK of a JPEG read
// inverted, as Adobe writes it; of an animation the first frame, of several pages the first. Missing data is an error.
//
// Different from Pillow on purpose: 16-bit gray keeps its high byte, as 16-bit colour does (Pillow clips it to white); a JPEG that
// lacks only its end marker is whole (to Pillow, some are); a TIFF's 16-bit planes, a GIF's frame with a gray palette of its own
// and empty rows of a run-length coded BMP are as they are meant (Pillow shows other pixels, or none). Of TIFF, fax and JPEG
// compression, YCbCr, Lab, signed and floating samples are refused.
//
// The format is told by the first bytes, never by the file's name. `name` begins every error. Throws std::invalid_argument for
// anything that is not a whole picture of a supported format within the limits; memory grows with the pixels and the file only.
Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits = {});

Image read_image(const std::filesystem::path& file, const ImageLimits& limits = {});

struct ImageSize {
  int width = 0;
  int height = 0;
  bool operator==(const ImageSize&) const = default;
};

// The size that read_image gives, from the file's header: some microseconds, whatever the picture. What follows the header may
// still be broken. Throws as read_image does.
ImageSize read_image_size(const std::filesystem::path& file, const ImageLimits& limits = {});
ImageSize decode_image_size(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits = {});

// How a file with these bytes is called: "jpg", "png", "webp", "gif", "bmp", "tif"; "" where it is none of them.
std::string_view image_extension(std::span<const std::uint8_t> bytes);

// The files of a folder that are taken for pictures, by their extension: "jpg", "jpeg", "png", ...; in either case.
std::span<const std::string_view> picture_extensions();
bool has_picture_extension(const std::filesystem::path& file);

std::vector<std::uint8_t> encode_png(const Image& image);
std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality = 92);

// By the extension: .png, .jpg or .jpeg; std::invalid_argument for others, which expect_image_name throws before there is a picture
// to write. Atomic (see write_file).
void write_image(const std::filesystem::path& file, const Image& image);
void expect_image_name(const std::filesystem::path& file);

}  // namespace omma
