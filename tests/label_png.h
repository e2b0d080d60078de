// Label maps in PNG, as tests need them: written byte by byte, so that every form that others write can be.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "omma/vision/mask.h"

namespace omma::testing {

enum class LabelForm { two_bits, gray, deep_gray, palette, colour };

// 0 but for the masks' values.
inline std::vector<std::uint32_t> label_values(int width, int height,
                                               const std::vector<std::pair<std::uint32_t, RunLengths>>& masks) {
  std::vector<std::uint32_t> values(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (const auto& [value, runs] : masks) {
    const Mask mask = decode(runs);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (mask.data[i] != 0) values[i] = value;
  }
  return values;
}

namespace label_png_detail {

inline void append_number(std::string& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFF);
}

inline void append_chunk(std::string& bytes, const std::string& type, const std::string& data) {
  append_number(bytes, static_cast<std::uint32_t>(data.size()));
  const std::string body = type + data;
  bytes += body;
  append_number(bytes,
                static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

// A row of samples, the filter's byte before them.
inline std::string row_bytes(const std::uint32_t* row, int width, LabelForm form) {
  std::string bytes(1, '\0');
  if (form == LabelForm::two_bits) {
    for (int x = 0; x < width; x += 4) {
      int packed = 0;
      for (int k = 0; k < 4; ++k) packed = packed << 2 | (x + k < width ? static_cast<int>(row[x + k]) : 0);
      bytes += static_cast<char>(packed);
    }
    return bytes;
  }
  for (int x = 0; x < width; ++x) {
    if (form == LabelForm::deep_gray) bytes += static_cast<char>(row[x] >> 8);
    bytes += static_cast<char>(row[x]);
    if (form != LabelForm::colour) continue;
    bytes += static_cast<char>(row[x] >> 8);
    bytes += static_cast<char>(row[x] >> 16);
  }
  return bytes;
}

}  // namespace label_png_detail

inline std::string label_png(int width, int height, const std::vector<std::uint32_t>& values, LabelForm form) {
  using namespace label_png_detail;
  const int depth = form == LabelForm::two_bits ? 2 : form == LabelForm::deep_gray ? 16 : 8;
  const int colour_type = form == LabelForm::palette ? 3 : form == LabelForm::colour ? 2 : 0;
  std::string header, rows;
  append_number(header, static_cast<std::uint32_t>(width));
  append_number(header, static_cast<std::uint32_t>(height));
  header += {static_cast<char>(depth), static_cast<char>(colour_type), '\0', '\0', '\0'};
  for (int y = 0; y < height; ++y) rows += row_bytes(values.data() + static_cast<std::ptrdiff_t>(y) * width, width, form);
  std::string packed(compressBound(rows.size()), '\0');
  uLongf size = packed.size();
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()), rows.size(), 6);
  packed.resize(size);
  std::string bytes = "\x89PNG\r\n\x1A\n";
  append_chunk(bytes, "IHDR", header);
  if (form == LabelForm::palette) append_chunk(bytes, "PLTE", std::string(3 * 256, '\x40'));
  append_chunk(bytes, "IDAT", packed);
  append_chunk(bytes, "IEND", "");
  return bytes;
}

}  // namespace omma::testing
