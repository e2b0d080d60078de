// BMP: truncation, runs that lead out of the picture, headers that lie. (I8, I9)
#include <gtest/gtest.h>

#include <string>

#include "omma/io/image_file.h"
#include "tests/hostile/image/raster_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::bmp_file;
using testing::Bytes;
using testing::operator+=;

Bytes pixels(const Bytes& file) { return decode_image(file, "x.bmp").data; }

std::string fault(const Bytes& bytes, const ImageLimits& limits = {}) {
  return testing::invalid_argument_of([&] { decode_image(bytes, "x.bmp", limits); });
}

// Run-length coded, of 16 colours.
Bytes coded(int width, int height, const Bytes& runs, std::uint32_t bits = 8) {
  return bmp_file({.width = width, .height = height, .bits = bits, .compression = bits == 8 ? 1U : 2U, .colors = 16}, runs);
}

// The red of each pixel, which is its index.
Bytes indices(const Bytes& file) {
  const Bytes all = pixels(file);
  Bytes red;
  for (std::size_t i = 0; i < all.size(); i += 3) red.push_back(all[i]);
  return red;
}

TEST(Bmp, RowsAreFromTheBottomUnlessTheHeightIsNegative) {
  const Bytes rows = {3, 2, 1, 0, 6, 5, 4, 0};
  EXPECT_EQ(pixels(bmp_file({.width = 1, .height = 2}, rows)), (Bytes{4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(pixels(bmp_file({.width = 1, .height = -2}, rows)), (Bytes{1, 2, 3, 4, 5, 6}));
}

// But for the padding of the last row.
TEST(Bmp, TruncationAnywhereIsAnError) {
  for (const Bytes& whole : {bmp_file({.width = 3, .height = 4}, Bytes(4 * 12, 5)), coded(4, 2, Bytes{4, 1, 0, 0, 4, 2})}) {
    EXPECT_EQ(fault(whole), "");
    const std::size_t padding = whole.size() > 100 && whole[28] == 24 ? 3 : 0;
    for (std::size_t size = 2; size < whole.size() - padding; ++size)
      EXPECT_NE(fault(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))), "") << size;
  }
}

TEST(Bmp, RunsStayInTheirRows) {
  EXPECT_EQ(indices(coded(3, 2, {9, 1, 0, 0, 3, 2, 0, 1})), (Bytes{2, 2, 2, 1, 1, 1}));  // what is too much is left out
  EXPECT_EQ(indices(coded(3, 1, {9, 0x12, 0, 1}, 4)), (Bytes{1, 2, 1}));
  EXPECT_NE(fault(coded(3, 1, {2, 1, 0, 3, 1, 2, 3, 0})).find("3 pixels lead out of their row"), std::string::npos);
  EXPECT_NE(fault(coded(3, 2, {0, 2, 4, 0, 1, 1})).find("a skip leads out of the picture"), std::string::npos);
  EXPECT_NE(fault(coded(3, 2, {0, 2, 4})).find("expected 1 more bytes"), std::string::npos);
  EXPECT_NE(fault(coded(3, 2, {0, 3, 4})).find("expected 3 more bytes"), std::string::npos);
}

TEST(Bmp, SkippedPixelsAreTheFirstColour) {
  EXPECT_EQ(indices(coded(3, 3, {0, 2, 1, 1, 2, 5, 0, 0, 0, 2, 0, 200})), (Bytes{0, 0, 0, 0, 5, 5, 0, 0, 0}));
  EXPECT_EQ(indices(coded(2, 3, {2, 1, 0, 0, 0, 0, 2, 3, 0, 1})), (Bytes{3, 3, 0, 0, 1, 1}));  // an empty row
}

TEST(Bmp, MissingRowsAreAnError) {
  EXPECT_EQ(fault(coded(2, 2, {2, 1, 0, 0, 1, 1, 0, 1})), "x.bmp: BMP: the file is truncated: it has 1 of 2 rows");
  EXPECT_EQ(fault(coded(2, 2, {2, 1, 0, 0, 0, 1})), "x.bmp: BMP: the file is truncated: it has 1 of 2 rows");
  EXPECT_EQ(fault(coded(2, 2, {2, 1, 0, 0, 2, 1})), "");
}

TEST(Bmp, HeadersThatLieAreErrors) {
  const Bytes rows(64);
  for (const std::uint32_t bits : {0U, 2U, 3U, 64U, 65'535U})
    EXPECT_NE(fault(bmp_file({.bits = bits}, rows)).find("expected 1, 4, 8, 16, 24 or 32 bits a pixel, got"), std::string::npos);
  for (const std::uint32_t compression : {1U, 2U, 4U, 5U, 6U, 0xFFFFFFFFU})
    EXPECT_NE(fault(bmp_file({.compression = compression}, rows)).find("expected no compression, RLE or masks"), std::string::npos);
  EXPECT_NE(fault(bmp_file({.bits = 8, .colors = 257}, rows)).find("at most 256 colours, got 257"), std::string::npos);
  EXPECT_NE(fault(bmp_file({.width = 0}, rows)), "");
  EXPECT_NE(fault(bmp_file({.width = -1}, rows)), "");
  EXPECT_NE(fault(bmp_file({.height = 0}, rows)), "");
  EXPECT_NE(fault(bmp_file({.height = INT32_MIN}, rows)), "");
  Bytes masks;
  for (const std::uint32_t mask : {0xFFFFFFFFU, 1U, 0U}) masks += testing::number(mask, 4, false);
  EXPECT_NE(fault(bmp_file({.bits = 32, .compression = 3, .masks = masks}, rows)).find("expected masks of 555, 565 or whole bytes"),
            std::string::npos);
  Bytes far = bmp_file({}, rows);
  for (std::size_t i = 10; i < 14; ++i) far[i] = 0xFF;  // where the pixels are
  EXPECT_NE(fault(far).find("expected 4294967295 more bytes"), std::string::npos);
}

TEST(Bmp, SizesAreCheckedBeforeAnythingIsAllocated) {
  EXPECT_NE(fault(bmp_file({.width = 65'535, .height = 65'535}, {})).find("pixels are over the limit"), std::string::npos);
  EXPECT_NE(fault(bmp_file({.width = 13'000, .height = 13'000}, {})).find("more bytes, found 0"), std::string::npos);
  EXPECT_EQ(fault(bmp_file({.width = 4, .height = 2}, Bytes(24)), {.pixels = 8, .side = 4}), "");
  EXPECT_NE(fault(bmp_file({.width = 4, .height = 2}, Bytes(24)), {.pixels = 7}), "");
}

TEST(Bmp, IndicesBehindTheLastColourAreBlack) {
  EXPECT_EQ(pixels(bmp_file({.width = 2, .bits = 8, .colors = 2}, Bytes{1, 200, 0, 0})), (Bytes{1, 2, 3, 0, 0, 0}));
}

}  // namespace
}  // namespace omma
