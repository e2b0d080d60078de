// PNG: every kind of pixel, checksums, truncation, ancillary chunks. (I7, I9, I10)
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "omma/io/image_file.h"
#include "tests/hostile/image/picture_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::operator+=;
using testing::Bytes;
using testing::png_chunk;
using testing::png_file;

Bytes pixels(const Bytes& file) { return decode_image(file, "x.png").data; }

std::string fault(const Bytes& bytes) {
  return testing::invalid_argument_of([&] { decode_image(bytes, "x.png"); });
}

// Each row begins with its filter, 0.
TEST(Png, GrayOfEveryDepthIsScaledTo8Bits) {
  EXPECT_EQ(pixels(png_file({.width = 2, .depth = 1, .color = 0}, Bytes{0, 0b01000000})), (Bytes{0, 0, 0, 255, 255, 255}));
  EXPECT_EQ(pixels(png_file({.width = 2, .depth = 2, .color = 0}, Bytes{0, 0b01100000})), (Bytes{85, 85, 85, 170, 170, 170}));
  EXPECT_EQ(pixels(png_file({.width = 2, .depth = 4, .color = 0}, Bytes{0, 0x1E})), (Bytes{17, 17, 17, 238, 238, 238}));
  EXPECT_EQ(pixels(png_file({.depth = 8, .color = 0}, Bytes{0, 99})), (Bytes{99, 99, 99}));
}

// The high byte: Pillow's rule for 16-bit colour, and omma's for 16-bit gray, too, which Pillow would clip to white.
TEST(Png, SixteenBitsKeepTheHighByte) {
  EXPECT_EQ(pixels(png_file({.depth = 16, .color = 0}, Bytes{0, 0x12, 0xFF})), (Bytes{0x12, 0x12, 0x12}));
  EXPECT_EQ(pixels(png_file({.depth = 16, .color = 2}, Bytes{0, 1, 0xFF, 2, 0xFF, 3, 0xFF})), (Bytes{1, 2, 3}));
}

TEST(Png, AlphaIsDroppedNotComposed) {
  EXPECT_EQ(pixels(png_file({.color = 6}, Bytes{0, 1, 2, 3, 0})), (Bytes{1, 2, 3}));
  EXPECT_EQ(pixels(png_file({.color = 4}, Bytes{0, 9, 0})), (Bytes{9, 9, 9}));
  EXPECT_EQ(pixels(png_file({.color = 2}, Bytes{0, 1, 2, 3}, png_chunk("tRNS", Bytes{0, 1, 0, 2, 0, 3}))), (Bytes{1, 2, 3}));
}

TEST(Png, PalettesAreLookedUp) {
  Bytes extra = png_chunk("gAMA", testing::number(10'000, 4, true));  // ignored
  extra += png_chunk("PLTE", Bytes{10, 11, 12, 20, 21, 22});
  extra += png_chunk("tRNS", Bytes{0, 128});
  EXPECT_EQ(pixels(png_file({.width = 2, .depth = 1, .color = 3}, Bytes{0, 0b01000000}, extra)), (Bytes{10, 11, 12, 20, 21, 22}));
}

// An index past the palette's end must not read past it.
TEST(Png, PaletteIndicesOutOfRangeAreBlackOrRejected) {
  const Bytes file = png_file({.width = 2, .color = 3}, Bytes{0, 0, 255}, png_chunk("PLTE", Bytes{1, 2, 3}));
  if (fault(file).empty()) {
    EXPECT_EQ(pixels(file), (Bytes{1, 2, 3, 0, 0, 0}));
  }
}

TEST(Png, PaletteMissingOrMisshapenIsAnError) {
  EXPECT_NE(fault(png_file({.color = 3}, Bytes{0, 0})), "");
  EXPECT_NE(fault(png_file({.color = 3}, Bytes{0, 0}, png_chunk("PLTE", Bytes{1, 2}))), "");
}

TEST(Png, InterlacedEqualsPlain) {
  // Adam7 of a 3 x 2 picture: passes 1 (0,0), 4 (2,0), 6 (1,0), 7 (0..2, 1).
  const Bytes rows{0, 10, 0, 30, 0, 20, 0, 40, 50, 60};
  EXPECT_EQ(pixels(png_file({.width = 3, .height = 2, .color = 0, .interlace = 1}, rows)),
            (Bytes{10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40, 50, 50, 50, 60, 60, 60}));
}

TEST(Png, HeadersOutOfTheStandardAreErrors) {
  EXPECT_NE(fault(png_file({.depth = 3, .color = 0}, Bytes{0, 0})), "");
  EXPECT_NE(fault(png_file({.depth = 1, .color = 2}, Bytes{0, 0})), "");
  EXPECT_NE(fault(png_file({.depth = 16, .color = 3}, Bytes{0, 0})), "");
  EXPECT_NE(fault(png_file({.color = 5}, Bytes{0, 0})), "");
  EXPECT_NE(fault(png_file({.interlace = 2}, Bytes{0, 0})), "");
  EXPECT_NE(fault(png_file({}, Bytes{9, 1, 2, 3})), "");  // no such filter
}

TEST(Png, WrongChecksumsAreErrors) {
  const Bytes file = png_file({}, Bytes{0, 1, 2, 3}, png_chunk("tEXt", testing::bytes_of(std::string_view("a\0b", 3))));
  for (const std::string_view chunk : {"IHDR", "tEXt", "IDAT"}) {
    Bytes bad = file;
    const auto at = std::search(bad.begin(), bad.end(), chunk.begin(), chunk.end());
    ASSERT_NE(at, bad.end());
    const auto length = static_cast<std::ptrdiff_t>(at[-1]);
    at[4 + length] ^= 1;
    EXPECT_NE(fault(bad), "") << chunk;
  }
}

TEST(Png, TruncationAnywhereIsAnError) {
  const Bytes whole = encode_png(testing::test_picture(20, 20));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(fault({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), "") << size;
}

TEST(Png, RowsMissingAreAnError) { EXPECT_NE(fault(png_file({.width = 1, .height = 3}, Bytes{0, 1, 2, 3})), ""); }

TEST(Png, SpareBytesBehindThePictureAreIgnored) {
  Bytes bytes = png_file({}, Bytes{0, 1, 2, 3});
  bytes += "polyglot";
  EXPECT_EQ(pixels(bytes), (Bytes{1, 2, 3}));
}

TEST(Png, ColourProfilesAndGammaAreIgnored) {
  Bytes profile = testing::bytes_of(std::string_view("name\0\0", 6));
  profile += testing::deflated(Bytes(200, 7));
  Bytes extra = png_chunk("iCCP", profile);
  extra += png_chunk("gAMA", testing::number(220'000, 4, true));
  extra += png_chunk("cICP", Bytes{9, 16, 0, 1});
  EXPECT_EQ(pixels(png_file({}, Bytes{0, 1, 2, 3}, extra)), (Bytes{1, 2, 3}));
}

// Animated PNG: the default picture; the animation's own frames are left alone.
TEST(Png, AnimationsGiveTheirDefaultPicture) {
  Bytes extra = png_chunk("acTL", Bytes{0, 0, 0x0F, 0xFF, 0, 0, 0, 0});
  extra += png_chunk("fdAT", Bytes(40));
  EXPECT_EQ(pixels(png_file({}, Bytes{0, 1, 2, 3}, extra)), (Bytes{1, 2, 3}));
}

TEST(Png, UnknownCriticalChunksAreErrors) { EXPECT_NE(fault(png_file({}, Bytes{0, 1, 2, 3}, png_chunk("ABCD", Bytes{1}))), ""); }

}  // namespace
}  // namespace omma
