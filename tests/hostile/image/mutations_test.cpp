// Whatever a byte is changed to: a picture comes out, or std::invalid_argument; nothing else. (Run under sanitizers.)
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "omma/base/rng.h"
#include "omma/io/image_file.h"
#include "tests/hostile/image/jpeg_bytes.h"
#include "tests/hostile/image/raster_bytes.h"

namespace omma {
namespace {

using testing::operator+=;
using testing::Bytes;
using testing::test_picture;

constexpr ImageLimits limits{.pixels = 1 << 20};

// Gives whether a picture came out.
bool survives(const Bytes& bytes) {
  try {
    const Image image = decode_image(bytes, "x", limits);
    EXPECT_EQ(decode_image_size(bytes, "x", limits), (ImageSize{image.width, image.height}));
    EXPECT_EQ(image.data.size(), 3 * static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height));
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

void mutate(const Bytes& whole, std::uint64_t seed) {
  ASSERT_TRUE(survives(whole));
  Rng rng(seed);
  int rejected = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = whole;
    for (int changes = rng.between(1, 4); changes > 0; --changes)
      bytes[rng.below(static_cast<std::uint32_t>(bytes.size()))] = static_cast<std::uint8_t>(rng.below(256));
    if (rng.chance(0.2)) bytes.resize(rng.below(static_cast<std::uint32_t>(bytes.size())));
    if (!survives(bytes)) ++rejected;
  }
  EXPECT_GT(rejected, 300);
}

TEST(Mutations, Jpeg) {
  const Image picture = test_picture(48, 32);
  mutate(testing::with_exif(encode_jpeg(picture), testing::tiff({{.value = 6}})), 1);
  mutate(testing::jpeg_file(picture.data, 48, 32, {.progressive = true}), 2);
  mutate(testing::jpeg_file(picture.data, 48, 32, {.arithmetic = true}), 3);
  mutate(testing::jpeg_file(Bytes(4 * 16 * 16, 99), 16, 16, {.cmyk = true}), 4);
}

TEST(Mutations, Png) {
  mutate(encode_png(test_picture(16, 16)), 5);
  Bytes extra = testing::png_chunk("PLTE", Bytes(30, 50));
  extra += testing::png_chunk("eXIf", testing::tiff({{.value = 3}}));
  mutate(testing::png_file({.width = 3, .height = 2, .color = 3, .interlace = 1}, Bytes{0, 1, 0, 3, 0, 2, 0, 4, 5, 6}, extra), 6);
}

TEST(Mutations, WebP) {
  Bytes chunks = testing::webp_canvas_chunk(8, 24, 16);
  chunks += testing::webp_picture_chunk(test_picture(24, 16));
  chunks += testing::riff_chunk("EXIF", testing::tiff({{.value = 5}}));
  mutate(testing::webp_file(chunks), 7);
  Bytes frames = testing::webp_canvas_chunk(2, 24, 16);
  frames += testing::riff_chunk("ANIM", Bytes(6));
  frames += testing::webp_frame_chunk(test_picture(8, 8), 2, 2);
  mutate(testing::webp_file(frames), 8);
}

TEST(Mutations, Gif) {
  const Bytes indices = testing::pattern(24 * 16, 16);
  mutate(testing::gif_file({.width = 24, .height = 16}, indices), 9);
  mutate(testing::gif_file({.width = 24, .height = 16, .left = 3, .top = 2, .interlaced = true, .transparent = 5}, indices), 10);
}

TEST(Mutations, Bmp) {
  mutate(testing::bmp_file({.width = 16, .height = 9}, Bytes(9 * 48, 77)), 11);
  Bytes runs;
  for (int y = 0; y < 9; ++y) runs += Bytes{7, 3, 0, 5, 1, 2, 3, 4, 5, 0, 4, 9, 0, 0};
  mutate(testing::bmp_file({.width = 16, .height = 9, .bits = 8, .compression = 1, .colors = 16}, runs), 12);
}

TEST(Mutations, Tiff) {
  const Bytes samples = testing::pattern(3 * 20 * 15, 256);
  mutate(testing::tiff_file({.width = 20, .height = 15}, {samples}), 13);
  mutate(testing::tiff_file({.width = 20, .height = 15, .compression = 5}, {testing::lzw_of(samples, 8, true)}), 14);
  mutate(testing::tiff_file({.width = 20, .height = 15, .compression = 8, .orientation = 6}, {testing::deflated(samples)}), 15);
  const Bytes tile(std::size_t{16} * 16, 9);
  mutate(testing::tiff_file({.width = 20, .height = 15, .photometric = 1, .samples = 1, .tile = 16}, {tile, tile}), 16);
}

}  // namespace
}  // namespace omma
