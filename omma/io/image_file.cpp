#include "omma/io/image_file.h"

#include <cctype>
#include <string>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/image_codec.h"
#include "omma/io/image_format.h"
#include "omma/vision/orientation.h"

namespace omma {
namespace {

std::string lower_extension(const std::filesystem::path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

}  // namespace

void check_image_size(std::int64_t width, std::int64_t height, std::string_view name, const ImageLimits& limits) {
  check(width >= 1 && height >= 1, "{}: expected a picture, got {} x {} pixels", name, width, height);
  check(width <= limits.side && height <= limits.side, "{}: {} x {} pixels: a side is over the limit of {}", name, width, height,
        limits.side);
  check(width <= limits.pixels / height, "{}: {} x {} pixels are over the limit of {}", name, width, height, limits.pixels);
}

Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  check(bytes.size() <= limits.file_bytes, "{}: {} bytes are over the limit of {}", name, bytes.size(), limits.file_bytes);
  const std::string_view format = image_format(bytes);
  const auto decode = [&] {
    if (format == "JPEG") return decode_jpeg(bytes, name, limits);
    if (format == "PNG") return decode_png(bytes, name, limits);
    if (format == "WebP") return decode_webp(bytes, name, limits);
    fail("{}: expected a picture ({}), got {}", name, supported_image_formats(), format);
  };
  DecodedImage decoded = decode();
  return upright(std::move(decoded.image), decoded.orientation);
}

Image read_image(const std::filesystem::path& file, const ImageLimits& limits) {
  const std::string bytes = read_file(file, limits.file_bytes);
  return decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, file.string(), limits);
}

ImageSize read_image_size(const std::filesystem::path& file, const ImageLimits& limits) {
  const MappedFile mapped(file);
  const std::span<const std::uint8_t> bytes = mapped.bytes();
  const std::string name = file.string();
  check(bytes.size() <= limits.file_bytes, "{}: {} bytes are over the limit of {}", name, bytes.size(), limits.file_bytes);
  const std::string_view format = image_format(bytes);
  const auto read = [&] {
    if (format == "JPEG") return read_jpeg_header(bytes, name, limits);
    if (format == "PNG") return read_png_header(bytes, name, limits);
    if (format == "WebP") return read_webp_header(bytes, name, limits);
    fail("{}: expected a picture ({}), got {}", name, supported_image_formats(), format);
  };
  const ImageHeader header = read();
  const bool turned = header.orientation >= 5;  // by a quarter
  return turned ? ImageSize{header.stored.height, header.stored.width} : header.stored;
}

std::string_view image_extension(std::span<const std::uint8_t> bytes) {
  const std::string_view format = image_format(bytes);
  return format == "JPEG" ? "jpg" : format == "PNG" ? "png" : format == "WebP" ? "webp" : "";
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
