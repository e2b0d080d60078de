// JPEG files of the kinds that encode_jpeg does not write, for tests.
#pragma once

// clang-format off: jpeglib.h needs size_t and FILE.
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <cstdlib>

#include "tests/hostile/image/picture_bytes.h"

namespace omma::testing {

struct JpegOptions {
  bool progressive = false;
  bool arithmetic = false;
  bool gray = false;
  bool cmyk = false;      // inverted, with Adobe's marker, as Photoshop writes it
  unsigned restarts = 0;  // blocks between restart markers
};

// `samples` are interleaved rows: gray 1, CMYK 4, else RGB.
inline Bytes jpeg_file(std::span<const std::uint8_t> samples, int width, int height, const JpegOptions& options = {}) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = options.gray ? 1 : options.cmyk ? 4 : 3;
  info.in_color_space = options.gray ? JCS_GRAYSCALE : options.cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&info);
  if (options.cmyk) jpeg_set_colorspace(&info, JCS_CMYK);
  jpeg_set_quality(&info, 95, TRUE);
  if (options.progressive) jpeg_simple_progression(&info);
  info.arith_code = options.arithmetic ? TRUE : FALSE;
  info.restart_interval = options.restarts;
  jpeg_start_compress(&info, TRUE);
  const std::size_t row_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(info.input_components);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(samples.data() + row_bytes * info.next_scanline);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  Bytes out(bytes, bytes + size);
  std::free(bytes);
  return out;
}

// Where the first marker 0xFF `code` at or behind `from` stands; the file's size where there is none.
inline std::size_t marker_at(const Bytes& jpeg, std::uint8_t code, std::size_t from = 0) {
  for (std::size_t i = from; i + 1 < jpeg.size(); ++i)
    if (jpeg[i] == 0xFF && jpeg[i + 1] == code) return i;
  return jpeg.size();
}

}  // namespace omma::testing
