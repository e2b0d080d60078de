// What the picture decoders share. Not part of the interface: see image_file.h.
#pragma once

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "omma/base/error.h"
#include "omma/io/image_file.h"

namespace omma {

struct DecodedImage {
  Image image;          // as stored, not turned
  int orientation = 1;  // EXIF's; out of 1..8 counts as 1
};

struct ImageHeader {
  ImageSize stored;     // not turned
  int orientation = 1;  // likewise
};

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;  // red, green, blue

// Each decodes one whole picture of its format, checking the limits before it allocates.
DecodedImage decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
DecodedImage decode_png(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
DecodedImage decode_webp(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
DecodedImage decode_gif(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
DecodedImage decode_bmp(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
DecodedImage decode_tiff(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);

// Of a file whose pixels are left unread.
ImageHeader read_jpeg_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
ImageHeader read_png_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
ImageHeader read_webp_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
ImageHeader read_gif_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
ImageHeader read_bmp_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);
ImageHeader read_tiff_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits);

// Throws std::invalid_argument for a size the header tells that is empty or over the limits.
void check_image_size(std::int64_t width, std::int64_t height, std::string_view name, const ImageLimits& limits);

// A row of inverted CMYK (255 is no ink) to RGB.
void convert_cmyk_row(const std::uint8_t* cmyk, std::uint8_t* rgb, int width);

// The way out of a C library that reports an error by a call that must not return. A C++ exception must not cross its frames,
// so the error handler notes its message and jumps back to where run() entered the library.
class Escape {
 public:
  // Calls `call`; false where leave() was called inside. `call` and what it calls may own nothing that has a destructor.
  template <class Call>
  [[gnu::noinline]] bool run(Call&& call) {
    if (setjmp(point_) != 0) return false;
    call();
    return true;
  }

  [[noreturn]] void leave(std::string_view message) {
    const std::size_t length = std::min(message.size(), sizeof message_ - 1);
    std::copy_n(message.data(), length, message_);
    message_[length] = '\0';
    std::longjmp(point_, 1);
  }

  std::string_view message() const { return message_; }

 private:
  std::jmp_buf point_;
  char message_[256] = {};
};

}  // namespace omma
