// TIFF: directories that lie, strips and tiles beyond the file, bombs. (I8, I9)
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "omma/io/image_file.h"
#include "tests/hostile/image/raster_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::Bytes;
using testing::deflated;
using testing::lzw_of;
using testing::pattern;
using testing::tiff_file;

std::string fault(const Bytes& bytes, const ImageLimits& limits = {}) {
  return testing::invalid_argument_of([&] { decode_image(bytes, "x.tif", limits); });
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Tiff, EveryCompressionGivesTheSamples) {
  const Bytes samples = pattern(3 * 20 * 15, 256);
  for (const bool big_endian : {false, true}) {
    EXPECT_EQ(decode_image(tiff_file({.width = 20, .height = 15, .big_endian = big_endian}, {samples}), "x").data, samples);
    EXPECT_EQ(
        decode_image(tiff_file({.width = 20, .height = 15, .compression = 5, .big_endian = big_endian}, {lzw_of(samples, 8, true)}),
                     "x")
            .data,
        samples);
    EXPECT_EQ(
        decode_image(tiff_file({.width = 20, .height = 15, .compression = 8, .big_endian = big_endian}, {deflated(samples)}), "x")
            .data,
        samples);
  }
}

// Entries may stand before the pixels and the pixels may be all that is cut.
TEST(Tiff, TruncationAnywhereIsAnError) {
  const Bytes samples = pattern(3 * 20 * 15, 256), half = pattern(3 * 20 * 8, 256), rest = pattern(3 * 20 * 7, 256);
  for (const Bytes& whole :
       {tiff_file({.width = 20, .height = 15}, {samples}), tiff_file({.width = 20, .height = 15, .rows = 8}, {half, rest}),
        tiff_file({.width = 20, .height = 15, .compression = 5}, {lzw_of(samples, 8, true)}),
        tiff_file({.width = 20, .height = 15, .compression = 8}, {deflated(samples)})}) {
    EXPECT_EQ(fault(whole), "");
    for (std::size_t size = 4; size < whole.size(); ++size)
      EXPECT_NE(fault(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))), "") << size;
  }
}

TEST(Tiff, WhatIsMissingInABlockIsAnError) {
  const Bytes samples = pattern(3 * 20 * 15, 256), fewer(samples.begin(), samples.end() - 1);
  EXPECT_TRUE(has(fault(tiff_file({.width = 20, .height = 15}, {fewer})), "a strip or tile of 899 bytes"));
  for (const auto& [compression, data] :
       {std::pair(5U, lzw_of(fewer, 8, true)), {8U, deflated(fewer)}, {32773U, Bytes{200, 1, 129, 7}}})
    EXPECT_TRUE(has(fault(tiff_file({.width = 20, .height = 15, .compression = compression}, {data})), "of 900 bytes"))
        << compression;
  Bytes wrong_sum = deflated(samples);
  wrong_sum.back() ^= 1;
  EXPECT_TRUE(has(fault(tiff_file({.width = 20, .height = 15, .compression = 8}, {wrong_sum})), "truncated or corrupt"));
}

TEST(Tiff, KindsThatAreNotReadAreNamed) {
  const Bytes samples(3 * 20 * 15);
  const auto of = [&](const testing::TiffHeader& header, std::vector<testing::ExifEntry> more = {}) {
    return fault(tiff_file(header, {samples}, std::move(more)));
  };
  for (const std::uint32_t compression : {0U, 2U, 3U, 4U, 6U, 7U, 34712U})
    EXPECT_EQ(of({.compression = compression}),
              "x.tif: TIFF: expected no compression, LZW, deflate or PackBits, got compression " + std::to_string(compression));
  for (const std::uint32_t photometric : {4U, 6U, 8U, 32803U})
    EXPECT_EQ(of({.photometric = photometric}),
              "x.tif: TIFF: expected gray, RGB, a palette or CMYK, got photometric interpretation " + std::to_string(photometric));
  EXPECT_TRUE(has(of({.samples = 2}), "expected 3 to 8 samples a pixel, got 2"));
  EXPECT_TRUE(has(of({.samples = 9}), "expected 3 to 8 samples a pixel, got 9"));
  EXPECT_TRUE(has(of({}, {{339, 3, 1, 3}}), "expected whole numbers without a sign for samples"));
  EXPECT_TRUE(has(of({.compression = 8}, {{317, 3, 1, 3}}), "expected predictor 1, or 2"));
  EXPECT_TRUE(has(of({}, {{284, 3, 1, 3}}), "expected planar configuration 1 or 2, got 3"));
  EXPECT_TRUE(has(of({.photometric = 3, .samples = 1}), "expected a palette of at most 3 x 256 values, got 0"));
  EXPECT_TRUE(has(of({.photometric = 1, .samples = 2}, {{338, 3, 1, 1}}), "expected premultiplied alpha with RGB alone"));
}

TEST(Tiff, DirectoriesThatLieAreErrors) {
  Bytes file = tiff_file({}, {Bytes{1, 2, 3}});
  Bytes far = file;
  far[7] = 0x7F;  // where the directory is
  EXPECT_TRUE(has(fault(far), "the file is truncated: expected 2 bytes at 2130706440"));
  Bytes many = file;
  many[9] = 0xFF;
  EXPECT_TRUE(has(fault(many), "its directory claims"));
  EXPECT_TRUE(has(fault(tiff_file({}, {Bytes{1, 2, 3}}, {{338, 3, 0x40000000, 8}})), "expected at most 16777216 values"));
  EXPECT_TRUE(has(fault(tiff_file({}, {Bytes{1, 2, 3}}, {{338, 3, 1000, 8}})), "expected 1000 values of entry 338 at byte 8"));
  EXPECT_TRUE(has(fault(tiff_file({}, {Bytes{1, 2, 3}}, {{338, 12, 1, 8}})), "expected whole numbers, got values of type 12"));
  EXPECT_TRUE(has(fault(tiff_file({.width = 0}, {Bytes(3)})), "expected a picture, got 0 x 1 pixels"));
  EXPECT_TRUE(has(fault(tiff_file({.width = 0xFFFFFFFF, .height = 0xFFFFFFFF}, {Bytes(3)})), "a side is over the limit"));
}

TEST(Tiff, BlocksThatLieAreErrors) {
  EXPECT_TRUE(
      has(fault(tiff_file({.height = 10, .rows = 1}, {Bytes(3), Bytes(3)})), "expected 10 strips or tiles, got 2 with 2 sizes"));
  EXPECT_TRUE(has(fault(tiff_file({.width = 20, .height = 20, .tile = 16}, {Bytes(768), Bytes(768), Bytes(768)})),
                  "expected 4 strips or tiles, got 3"));
  EXPECT_TRUE(has(fault(tiff_file({.tile = 60'000}, {Bytes(3)})), "at most 4096 pixels more than the picture, got 60000 x 60000"));
  Bytes file = tiff_file({}, {Bytes{1, 2, 3}});
  file.resize(file.size() - 3);
  EXPECT_TRUE(has(fault(file), "a strip or tile of 3 bytes at byte"));
}

TEST(Tiff, SizesAreCheckedBeforeAnythingIsAllocated) {
  EXPECT_TRUE(has(fault(tiff_file({.width = 65'535, .height = 65'535}, {Bytes(3)})), "pixels are over the limit"));
  for (const std::uint32_t compression : {1U, 5U, 8U, 32773U})
    EXPECT_TRUE(has(fault(tiff_file({.width = 13'000, .height = 13'000, .compression = compression}, {Bytes(3)})),
                    "the file is truncated"));
  EXPECT_EQ(fault(tiff_file({.width = 4, .height = 2}, {Bytes(24)}), {.pixels = 8, .side = 4}), "");
  EXPECT_NE(fault(tiff_file({.width = 4, .height = 2}, {Bytes(24)}), {.pixels = 7}), "");
}

// Each of thousands of strips says that it has all of a large file, which holds nothing but empty blocks: the rest is not looked
// at.
TEST(Tiff, BlocksDoNotCostTheFilesLengthEach) {
  constexpr std::uint32_t strips = 20'000;
  Bytes nothing = {0x78, 0x9C};
  while (nothing.size() < 4'000'000) nothing.insert(nothing.end(), {0, 0, 0, 0xFF, 0xFF});
  Bytes file = tiff_file({.height = strips, .compression = 8, .rows = 1}, std::vector<Bytes>(strips, Bytes(1)));
  const auto data_at = static_cast<std::uint32_t>(file.size());
  const std::size_t offsets = file.size() - strips - 8 * strips;
  for (std::size_t i = 0; i < strips; ++i) {
    std::ranges::copy(testing::number(data_at, 4, false), file.begin() + static_cast<std::ptrdiff_t>(offsets + 4 * i));
    std::ranges::copy(testing::number(static_cast<std::uint32_t>(nothing.size()), 4, false),
                      file.begin() + static_cast<std::ptrdiff_t>(offsets + 4 * (strips + i)));
  }
  file.insert(file.end(), nothing.begin(), nothing.end());
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(has(fault(file), "truncated or corrupt: a strip or tile has 0 of 3 bytes"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST(Tiff, SizesNeedTheDirectoryAlone) {
  const Bytes file = tiff_file({.width = 20, .height = 15, .compression = 7, .orientation = 6}, {Bytes(3)});
  EXPECT_EQ(decode_image_size(file, "x.tif"), (ImageSize{15, 20}));
  EXPECT_NE(fault(file), "");
}

}  // namespace
}  // namespace omma
