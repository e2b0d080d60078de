// GIF, BMP and TIFF files made byte by byte, for tests.
#pragma once

#include <vector>

#include "tests/hostile/image/picture_bytes.h"

namespace omma::testing {

// Bytes below `most` that differ from one to the next.
inline Bytes pattern(std::size_t count, unsigned most) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>((i * i + i / 7) % most);
  return out;
}

// Codes of one width, in GIF from the low end of bytes, in TIFF from the high end.
inline Bytes codes_of(std::span<const unsigned> codes, unsigned width, bool tiff) {
  std::vector<bool> bits;
  for (const unsigned code : codes)
    for (unsigned i = 0; i < width; ++i) bits.push_back((code >> (tiff ? width - 1 - i : i) & 1) != 0);
  Bytes out((bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i]) out[i / 8] = static_cast<std::uint8_t>(out[i / 8] | 1U << (tiff ? 7 - i % 8 : i % 8));
  return out;
}

// LZW that says every byte alone, and clears its table before codes become wider.
inline Bytes lzw_of(std::span<const std::uint8_t> data, unsigned bits, bool tiff) {
  const unsigned clear = 1U << bits;
  std::vector<unsigned> codes;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (i % (clear - 3) == 0) codes.push_back(clear);
    codes.push_back(data[i]);
  }
  codes.push_back(clear + 1);
  return codes_of(codes, bits + 1, tiff);
}

struct GifHeader {
  int width = 1, height = 1, left = 0, top = 0;  // of the frame, whose canvas is larger by left and top on both sides
  bool interlaced = false;
  int transparent = -1;
};

// Of 16 colours: number i is (i, 2 i, 3 i). `coded`: the frame's LZW.
inline Bytes gif_file_of(const GifHeader& header, std::span<const std::uint8_t> coded) {
  const auto put = [](int value) { return number(static_cast<std::uint32_t>(value), 2, false); };
  Bytes out = bytes_of("GIF89a");
  out += put(header.width + 2 * header.left);
  out += put(header.height + 2 * header.top);
  out += Bytes{0x83, 0, 0};
  for (unsigned i = 0; i < 16; ++i)
    out += Bytes{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(2 * i), static_cast<std::uint8_t>(3 * i)};
  if (header.transparent >= 0) out += Bytes{'!', 0xF9, 4, 1, 0, 0, static_cast<std::uint8_t>(header.transparent), 0};
  out += Bytes{','};
  for (const int value : {header.left, header.top, header.width, header.height}) out += put(value);
  out += Bytes{static_cast<std::uint8_t>(header.interlaced ? 0x40 : 0), 4};
  for (std::size_t at = 0; at < coded.size(); at += 255) {
    const auto block = coded.subspan(at, std::min<std::size_t>(255, coded.size() - at));
    out += Bytes{static_cast<std::uint8_t>(block.size())};
    out += block;
  }
  return out += Bytes{0, ';'};
}

inline Bytes gif_file(const GifHeader& header, std::span<const std::uint8_t> indices) {
  return gif_file_of(header, lzw_of(indices, 4, false));
}

struct BmpHeader {
  std::int32_t width = 1, height = 1;
  std::uint32_t bits = 24, compression = 0, colors = 0;
  Bytes masks = {};
};

// Colour number i is (i, 2 i, 3 i). `pixels` as they are stored.
inline Bytes bmp_file(const BmpHeader& header, std::span<const std::uint8_t> pixels) {
  const auto put = [](std::uint32_t value) { return number(value, 4, false); };
  Bytes out = bytes_of("BM");
  out += put(0);
  out += put(0);
  out += put(static_cast<std::uint32_t>(54 + header.masks.size() + 4 * header.colors));
  for (const std::uint32_t value : {40U, static_cast<std::uint32_t>(header.width), static_cast<std::uint32_t>(header.height),
                                    1U | header.bits << 16, header.compression, 0U, 0U, 0U, header.colors, 0U})
    out += put(value);
  out += header.masks;
  for (std::uint32_t i = 0; i < header.colors; ++i)
    out += Bytes{static_cast<std::uint8_t>(3 * i), static_cast<std::uint8_t>(2 * i), static_cast<std::uint8_t>(i), 0};
  return out += pixels;
}

struct TiffHeader {
  std::uint32_t width = 1, height = 1, compression = 1, photometric = 2, samples = 3, rows = 0, tile = 0, orientation = 1;
  bool big_endian = false;
};

// Of 8-bit samples, in strips or square tiles, each of which has bytes of its own. `more` are entries behind the others.
inline Bytes tiff_file(const TiffHeader& header, const std::vector<Bytes>& blocks, std::vector<ExifEntry> more = {}) {
  const auto count = static_cast<std::uint32_t>(blocks.size());
  const auto entries = [&](std::uint32_t at) {  // where the offsets begin; sizes follow
    std::vector<ExifEntry> out = {{256, 4, 1, header.width},       {257, 4, 1, header.height},      {258, 3, 1, 8},
                                  {259, 3, 1, header.compression}, {262, 3, 1, header.photometric}, {274, 3, 1, header.orientation},
                                  {277, 3, 1, header.samples}};
    const std::uint32_t sizes = at + 4 * count;
    const bool has_tiles = header.tile > 0;
    out.push_back({has_tiles ? 324U : 273U, 4, count, count == 1 ? at + 8 : at});
    out.push_back({has_tiles ? 325U : 279U, 4, count, count == 1 ? static_cast<std::uint32_t>(blocks[0].size()) : sizes});
    out.push_back({has_tiles ? 322U : 278U, 4, 1, has_tiles ? header.tile : header.rows > 0 ? header.rows : header.height});
    if (has_tiles) out.push_back({323, 4, 1, header.tile});
    out.insert(out.end(), more.begin(), more.end());
    return out;
  };
  const auto start = static_cast<std::uint32_t>(tiff(entries(0), header.big_endian).size());
  Bytes out = tiff(entries(start), header.big_endian);
  std::uint32_t at = start + 8 * count;
  for (const Bytes& block : blocks) {
    out += number(at, 4, header.big_endian);
    at += static_cast<std::uint32_t>(block.size());
  }
  for (const Bytes& block : blocks) out += number(static_cast<std::uint32_t>(block.size()), 4, header.big_endian);
  for (const Bytes& block : blocks) out += block;
  return out;
}

}  // namespace omma::testing
