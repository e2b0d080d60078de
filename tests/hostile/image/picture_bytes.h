// Picture files made byte by byte, for tests.
#pragma once

#include <webp/encode.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/vision/image.h"

namespace omma::testing {

using Bytes = std::vector<std::uint8_t>;

inline Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// Not inlined: GCC 12 warns of overreads in vector::insert that are not there.
[[gnu::noinline]] inline Bytes& operator+=(Bytes& to, std::span<const std::uint8_t> more) {
  to.insert(to.end(), more.begin(), more.end());
  return to;
}
inline Bytes& operator+=(Bytes& to, std::string_view more) { return to += std::span<const std::uint8_t>(bytes_of(more)); }

inline Bytes number(std::uint32_t value, int bytes, bool big_endian) {
  Bytes out;
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? bytes - 1 - i : i)));
  return out;
}

// A picture with shades, edges and every channel different.
inline Image test_picture(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* p = image.pixel(x, y);
      p[0] = static_cast<std::uint8_t>(x * 255 / width);
      p[1] = static_cast<std::uint8_t>(y * 255 / height);
      p[2] = static_cast<std::uint8_t>((x / 4 + y / 4) % 2 * 200);
    }
  }
  return image;
}

// --- PNG ---
inline Bytes png_chunk(std::string_view kind, std::span<const std::uint8_t> body) {
  Bytes checked = bytes_of(kind);
  checked += body;
  Bytes out = number(static_cast<std::uint32_t>(body.size()), 4, true);
  out += checked;
  out += number(static_cast<std::uint32_t>(::crc32(0, checked.data(), static_cast<unsigned>(checked.size()))), 4, true);
  return out;
}

inline Bytes deflated(std::span<const std::uint8_t> data) {
  uLongf size = ::compressBound(data.size());
  Bytes out(size);
  ::compress2(out.data(), &size, data.data(), data.size(), Z_BEST_COMPRESSION);
  out.resize(size);
  return out;
}

struct PngHeader {
  std::uint32_t width = 1, height = 1;
  std::uint8_t depth = 8, color = 2, interlace = 0;
};

inline Bytes png_start(const PngHeader& header) {
  Bytes out = bytes_of("\x89PNG\r\n\x1A\n");
  Bytes body = number(header.width, 4, true);
  body += number(header.height, 4, true);
  body += Bytes{header.depth, header.color, 0, 0, header.interlace};
  return out += png_chunk("IHDR", body);
}

// `rows` are the filtered rows; `extra` are whole chunks before the pixels.
inline Bytes png_file(const PngHeader& header, std::span<const std::uint8_t> rows, const Bytes& extra = {}) {
  Bytes out = png_start(header);
  out += extra;
  out += png_chunk("IDAT", deflated(rows));
  return out += png_chunk("IEND", {});
}

// --- EXIF ---
struct ExifEntry {
  std::uint32_t tag = 0x0112, type = 3, count = 1, value = 1;  // orientation 1, a SHORT
};

inline Bytes tiff(const std::vector<ExifEntry>& entries, bool big_endian = false) {
  const auto put = [big_endian](std::uint32_t value, int bytes) { return number(value, bytes, big_endian); };
  Bytes out = bytes_of(big_endian ? "MM" : "II");
  out += put(42, 2);
  out += put(8, 4);
  out += put(static_cast<std::uint32_t>(entries.size()), 2);
  for (const ExifEntry& entry : entries) {
    out += put(entry.tag, 2);
    out += put(entry.type, 2);
    out += put(entry.count, 4);
    out += put(entry.value, entry.type == 3 ? 2 : 4);
    if (entry.type == 3) out += put(0, 2);
  }
  return out += put(0, 4);  // no further directory
}

// The JPEG with a segment put behind its first two bytes.
inline Bytes with_segment(const Bytes& jpeg, std::uint8_t marker, std::span<const std::uint8_t> body) {
  Bytes out(jpeg.begin(), jpeg.begin() + 2);
  out += Bytes{0xFF, marker};
  out += number(static_cast<std::uint32_t>(body.size() + 2), 2, true);
  out += body;
  return out += std::span<const std::uint8_t>(jpeg).subspan(2);
}

inline Bytes with_exif(const Bytes& jpeg, std::span<const std::uint8_t> block) {
  Bytes body = bytes_of(std::string_view("Exif\0\0", 6));
  body += block;
  return with_segment(jpeg, 0xE1, body);
}

// --- WebP ---
inline Bytes riff_chunk(std::string_view kind, std::span<const std::uint8_t> body) {
  Bytes out = bytes_of(kind);
  out += number(static_cast<std::uint32_t>(body.size()), 4, false);
  out += body;
  if (body.size() % 2 == 1) out.push_back(0);
  return out;
}

inline Bytes webp_file(std::span<const std::uint8_t> chunks) {
  Bytes body = bytes_of("WEBP");
  body += chunks;
  return riff_chunk("RIFF", body);
}

// A lossless picture as its single chunk, "VP8L".
inline Bytes webp_picture_chunk(const Image& image) {
  std::uint8_t* encoded = nullptr;
  const std::size_t size = WebPEncodeLosslessRGB(image.data.data(), image.width, image.height, 3 * image.width, &encoded);
  Bytes out(encoded + 12, encoded + size);
  WebPFree(encoded);
  return out;
}

// flags: 2 animation, 8 EXIF.
inline Bytes webp_canvas_chunk(std::uint8_t flags, int width, int height) {
  Bytes body{flags, 0, 0, 0};
  body += number(static_cast<std::uint32_t>(width - 1), 3, false);
  body += number(static_cast<std::uint32_t>(height - 1), 3, false);
  return riff_chunk("VP8X", body);
}

// `x` and `y` are even, as the format demands.
inline Bytes webp_frame_chunk(const Image& image, int x, int y) {
  Bytes body = number(static_cast<std::uint32_t>(x / 2), 3, false);
  body += number(static_cast<std::uint32_t>(y / 2), 3, false);
  body += number(static_cast<std::uint32_t>(image.width - 1), 3, false);
  body += number(static_cast<std::uint32_t>(image.height - 1), 3, false);
  body += number(0, 3, false);  // no delay
  body.push_back(0);
  body += webp_picture_chunk(image);
  return riff_chunk("ANMF", body);
}

}  // namespace omma::testing
