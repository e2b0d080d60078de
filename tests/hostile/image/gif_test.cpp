// GIF: truncation, codes that are not there yet, frames beyond the canvas, extensions that lead nowhere. (I8, I9)
#include <gtest/gtest.h>

#include <string>

#include "omma/io/image_file.h"
#include "tests/hostile/image/raster_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::Bytes;
using testing::gif_file;
using testing::operator+=;

std::string fault(const Bytes& bytes, const ImageLimits& limits = {}) {
  return testing::invalid_argument_of([&] { decode_image(bytes, "x.gif", limits); });
}

Bytes color(unsigned index) {
  return {static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(2 * index), static_cast<std::uint8_t>(3 * index)};
}

Bytes pixel(const Image& image, int x, int y) { return {image.pixel(x, y), image.pixel(x, y) + 3}; }

// The empty block and the trailer may be missing, and the end code, which begins the last byte of the blocks.
TEST(Gif, TruncationAnywhereIsAnError) {
  const Bytes whole = gif_file({.width = 20, .height = 10}, testing::pattern(200, 16));
  for (std::size_t size = 6; size < whole.size() - 3; ++size)
    EXPECT_NE(fault(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))), "") << size;
  EXPECT_EQ(fault(Bytes(whole.begin(), whole.end() - 2)), "");
}

TEST(Gif, AFrameStandsOnItsTransparentColour) {
  const Image image =
      decode_image(gif_file({.width = 3, .height = 2, .left = 4, .top = 5, .transparent = 7}, Bytes{1, 2, 3, 4, 5, 6}), "x");
  ASSERT_EQ(image.width, 11);
  ASSERT_EQ(image.height, 12);
  EXPECT_EQ(pixel(image, 0, 0), color(7));
  EXPECT_EQ(pixel(image, 4, 5), color(1));
  EXPECT_EQ(pixel(image, 6, 6), color(6));
  EXPECT_EQ(pixel(image, 7, 6), color(7));
}

TEST(Gif, InterlacedRowsFindTheirPlace) {
  Bytes rows;
  for (const int y : {0, 8, 4, 2, 6, 1, 3, 5, 7, 9}) rows.push_back(static_cast<std::uint8_t>(y));
  const Image image = decode_image(gif_file({.width = 1, .height = 10, .interlaced = true}, rows), "x");
  for (int y = 0; y < 10; ++y) EXPECT_EQ(pixel(image, 0, y), color(static_cast<unsigned>(y)));
}

TEST(Gif, WhatIsNoPictureIsAnError) {
  Bytes nothing = gif_file({}, Bytes{1});
  nothing.resize(6 + 7 + 48);
  nothing.push_back(';');
  EXPECT_EQ(fault(nothing), "x.gif: GIF: there is no picture in it");
  nothing.pop_back();
  EXPECT_EQ(fault(nothing), "x.gif: GIF: there is no picture in it");
  nothing += Bytes{'!', 0xFE, 200, 'a'};
  EXPECT_EQ(fault(nothing), "x.gif: GIF: byte 64: expected 200 more bytes, found 1");
  EXPECT_EQ(fault(gif_file({.width = 0, .height = 4}, {})), "x.gif: GIF: expected a picture, got 0 x 4 pixels");
}

TEST(Gif, CodesThatAreNotThereYetAreErrors) {
  for (const std::vector<unsigned>& codes : {std::vector<unsigned>{18}, {16, 18}, {16, 1, 19}, {16, 1, 2, 20}, {1, 16, 31}})
    EXPECT_NE(
        fault(testing::gif_file_of({.width = 9, .height = 1}, testing::codes_of(codes, 5, false))).find("of 9 pixels are there"),
        std::string::npos);
  // The code that is just being made is the string before and its first byte: 1, 1 1, 1 1 1.
  const std::vector<unsigned> growing = {16, 1, 18, 19};
  EXPECT_EQ(fault(testing::gif_file_of({.width = 6, .height = 1}, testing::codes_of(growing, 5, false))), "");
  EXPECT_NE(fault(testing::gif_file_of({.width = 7, .height = 1}, testing::codes_of(growing, 5, false))), "");
}

TEST(Gif, BitsOfAnIndexAreChecked) {
  Bytes file = gif_file({}, Bytes{1});
  const std::size_t bits = 6 + 7 + 48 + 10;
  ASSERT_EQ(file[bits], 4);
  for (const int wrong : {0, 9, 12, 255}) {
    file[bits] = static_cast<std::uint8_t>(wrong);
    EXPECT_EQ(fault(file), "x.gif: GIF: expected indices of 1 to 8 bits, got " + std::to_string(wrong));
  }
}

TEST(Gif, SizesAreCheckedBeforeAnythingIsAllocated) {
  EXPECT_NE(fault(gif_file({.width = 65'535, .height = 65'535}, Bytes{1})).find("pixels are over the limit"), std::string::npos);
  EXPECT_NE(fault(gif_file({.width = 13'000, .height = 13'000}, Bytes{1})).find("the file is truncated"), std::string::npos);
  EXPECT_NE(fault(gif_file({.width = 10, .height = 10, .left = 65'530}, Bytes{1})).find("a side is over the limit"),
            std::string::npos);
  EXPECT_EQ(fault(gif_file({.width = 10, .height = 2}, Bytes(20)), {.pixels = 20, .side = 10}), "");
  EXPECT_NE(fault(gif_file({.width = 10, .height = 2}, Bytes(20)), {.pixels = 19}), "");
}

}  // namespace
}  // namespace omma
