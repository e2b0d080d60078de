// PNG: every kind of pixel, checksums, truncation, ancillary chunks. (I7, I9, I10)
#include <fmt/format.h>
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

// The chunk's place, at its length.
std::ptrdiff_t chunk_at(const Bytes& file, std::string_view kind) {
  const auto at = std::search(file.begin(), file.end(), kind.begin(), kind.end());
  EXPECT_NE(at, file.end()) << kind;
  return at - file.begin() - 4;
}

// One bit of a chunk's checksum turned.
Bytes with_wrong_checksum(Bytes file, std::string_view kind) {
  const auto chunk = file.begin() + chunk_at(file, kind);
  chunk[8 + chunk[2] * 256 + chunk[3]] ^= 1;
  return file;
}

TEST(Png, WrongChecksumsBeforeThePixelsAreErrors) {
  const Bytes file = png_file({}, Bytes{0, 1, 2, 3}, png_chunk("tEXt", testing::bytes_of(std::string_view("a\0b", 3))));
  for (const std::string_view kind : {"IHDR", "tEXt"}) EXPECT_NE(fault(with_wrong_checksum(file, kind)), "") << kind;
  for (const std::string_view kind : {"IDAT", "IEND"}) EXPECT_EQ(pixels(with_wrong_checksum(file, kind)), (Bytes{1, 2, 3})) << kind;
}

// The pixels have a sum of their own, the last four bytes of their chunk.
TEST(Png, AWrongSumOfThePixelsIsAnError) {
  for (const bool interlaced : {false, true}) {
    Bytes file = png_file({.interlace = interlaced}, Bytes{0, 1, 2, 3});
    file[static_cast<std::size_t>(chunk_at(file, "IEND")) - 5] ^= 1;
    EXPECT_NE(fault(file), "");
  }
}

TEST(Png, TruncationWithinThePixelsIsAnError) {
  const Image picture = testing::test_picture(20, 20);
  const Bytes whole = encode_png(picture);
  const auto end_of_pixels = static_cast<std::size_t>(chunk_at(whole, "IEND")) - 4;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    if (size < end_of_pixels) {
      EXPECT_NE(fault(cut), "") << size;
    } else {
      EXPECT_EQ(pixels(cut), picture.data) << size;
    }
  }
}

TEST(Png, AChunkCutShortBehindThePixelsIsAnError) {  // it may say how the picture is to be turned
  Bytes file = png_file({}, Bytes{0, 1, 2, 3});
  file.resize(static_cast<std::size_t>(chunk_at(file, "IEND")));
  file += png_chunk("eXIf", testing::tiff({{.value = 6}}));
  EXPECT_EQ(fault(file), "");
  file.resize(file.size() - 5);
  EXPECT_EQ(fault(file), "x.png: PNG: the file is truncated: its chunk eXIf has 25 of 26 bytes");
}

TEST(Png, TheOrientationStandsInManyPlaces) {
  const Bytes rows{0, 1, 2, 3, 4, 5, 6};  // two pixels beside each other
  const auto height = [&](std::string_view kind, std::string_view keyword, std::span<const std::uint8_t> rest) {
    Bytes body = testing::bytes_of(keyword);
    if (!keyword.empty()) body.push_back(0);
    body += rest;
    return decode_image(png_file({.width = 2}, rows, png_chunk(kind, body)), "x.png").height;
  };
  const Bytes exif = testing::tiff({{.value = 6}});
  std::string digits = "\nexif\n      26\n";
  for (const std::uint8_t byte : exif) digits += fmt::format("{:02x}{}", byte, digits.size() % 72 == 0 ? "\n" : "");
  const Bytes profile = testing::bytes_of(digits), xmp = testing::bytes_of("<tiff:Orientation>6</tiff:Orientation>");
  const auto joined = [](Bytes head, const Bytes& tail) { return head += std::span<const std::uint8_t>(tail); };
  EXPECT_EQ(height("eXIf", "", exif), 2);
  EXPECT_EQ(height("tEXt", "Raw profile type exif", profile), 2);
  EXPECT_EQ(height("zTXt", "Raw profile type exif", joined({0}, testing::deflated(profile))), 2);
  EXPECT_EQ(height("iTXt", "XML:com.adobe.xmp", joined({0, 0, 0, 0}, xmp)), 2);
  EXPECT_EQ(height("iTXt", "XML:com.adobe.xmp", joined({1, 0, 0, 0}, testing::deflated(xmp))), 2);
  EXPECT_EQ(height("tEXt", "Raw profile type APP1", profile), 1);  // Pillow does not know it
}

// What is no such text, or inflates beyond a mebibyte, turns nothing.
TEST(Png, HostileTextIsUpright) {
  const auto height = [](std::string_view kind, const Bytes& body) {
    return decode_image(png_file({.width = 2}, Bytes{0, 1, 2, 3, 4, 5, 6}, png_chunk(kind, body)), "x.png").height;
  };
  const auto named = [](std::string_view keyword, std::string_view rest) {
    return testing::bytes_of(std::string(keyword) + '\0' + std::string(rest));
  };
  for (const std::string_view digits : {"", "\n", "\n\n\n", "\n\n\n4d4", "\n\n\nxyz", "4d4d"})
    EXPECT_EQ(height("tEXt", named("Raw profile type exif", digits)), 1) << digits;
  for (const std::string_view kind : {"tEXt", "zTXt", "iTXt"})
    for (const std::string_view keyword : {"Raw profile type exif", "XML:com.adobe.xmp"}) {
      EXPECT_EQ(height(kind, testing::bytes_of(keyword)), 1);
      EXPECT_EQ(height(kind, named(keyword, "")), 1);
      EXPECT_EQ(height(kind, named(keyword, "\1")), 1);
      EXPECT_EQ(height(kind, named(keyword, "\1\1\1\1")), 1);
    }
  Bytes bomb = testing::bytes_of("<tiff:Orientation>6</tiff:Orientation>");
  bomb.resize(std::size_t{64} << 20, ' ');
  Bytes body = testing::bytes_of(std::string_view("XML:com.adobe.xmp\0\0", 19));
  body += testing::deflated(bomb);
  EXPECT_EQ(height("zTXt", body), 1);
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
