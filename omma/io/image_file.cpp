#include "omma/io/image_file.h"

#include <algorithm>
#include <array>
#include <string>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/image_codec.h"
#include "omma/io/image_format.h"
#include "omma/vision/orientation.h"

namespace omma {
namespace {

struct ImageCodec {
  std::string_view format, extension;
  DecodedImage (*decode)(std::span<const std::uint8_t>, std::string_view, const ImageLimits&);
  ImageHeader (*read_header)(std::span<const std::uint8_t>, std::string_view, const ImageLimits&);
};

constexpr std::array codecs{
    ImageCodec{"JPEG", "jpg", decode_jpeg, read_jpeg_header},  ImageCodec{"PNG", "png", decode_png, read_png_header},
    ImageCodec{"WebP", "webp", decode_webp, read_webp_header}, ImageCodec{"GIF", "gif", decode_gif, read_gif_header},
    ImageCodec{"BMP", "bmp", decode_bmp, read_bmp_header},     ImageCodec{"TIFF", "tif", decode_tiff, read_tiff_header},
};

const ImageCodec* find_codec(std::string_view format) {
  const auto* found = std::ranges::find(codecs, format, &ImageCodec::format);
  return found == codecs.end() ? nullptr : found;
}

const ImageCodec& codec_of(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  check(bytes.size() <= limits.file_bytes, "{}: {} bytes are over the limit of {}", name, bytes.size(), limits.file_bytes);
  const std::string_view format = image_format(bytes);
  const ImageCodec* codec = find_codec(format);
  check(codec != nullptr, "{}: expected a picture ({}), got {}", name, supported_image_formats(), format);
  return *codec;
}

}  // namespace

void check_image_size(std::int64_t width, std::int64_t height, std::string_view name, const ImageLimits& limits) {
  check(width >= 1 && height >= 1, "{}: expected a picture, got {} x {} pixels", name, width, height);
  check(width <= limits.side && height <= limits.side, "{}: {} x {} pixels: a side is over the limit of {}", name, width, height,
        limits.side);
  check(width <= limits.pixels / height, "{}: {} x {} pixels are over the limit of {}", name, width, height, limits.pixels);
}

Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  DecodedImage decoded = codec_of(bytes, name, limits).decode(bytes, name, limits);
  return upright(std::move(decoded.image), decoded.orientation);
}

Image read_image(const std::filesystem::path& file, const ImageLimits& limits) {
  const std::string bytes = read_file(file, limits.file_bytes);
  return decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, file.string(), limits);
}

ImageSize decode_image_size(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  const ImageHeader header = codec_of(bytes, name, limits).read_header(bytes, name, limits);
  const bool turned = header.orientation >= 5;  // by a quarter
  return turned ? ImageSize{header.stored.height, header.stored.width} : header.stored;
}

ImageSize read_image_size(const std::filesystem::path& file, const ImageLimits& limits) {
  const MappedFile mapped(file);
  return decode_image_size(mapped.bytes(), file.string(), limits);
}

std::string_view image_extension(std::span<const std::uint8_t> bytes) {
  const ImageCodec* codec = find_codec(image_format(bytes));
  return codec == nullptr ? "" : codec->extension;
}

std::span<const std::string_view> picture_extensions() {
  static constexpr std::array<std::string_view, 8> extensions = {"jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"};
  return extensions;
}

bool has_picture_extension(const std::filesystem::path& file) {
  return std::ranges::any_of(picture_extensions(), [extension = lower_extension(file)](std::string_view known) {
    return !extension.empty() && std::string_view(extension).substr(1) == known;
  });
}

void write_image(const std::filesystem::path& file, const Image& image) {
  expect_image_name(file);
  const std::vector<std::uint8_t> bytes = lower_extension(file) == ".png" ? encode_png(image) : encode_jpeg(image);
  write_file(file, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void expect_image_name(const std::filesystem::path& file) {
  const std::string extension = lower_extension(file);
  check(extension == ".png" || extension == ".jpg" || extension == ".jpeg", "{}: expected a name that ends in .png, .jpg or .jpeg",
        file.string());
}

}  // namespace omma
