// Sizes a header claims are checked before anything of that size is allocated. (I2, I3, I4, I14)
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>

#include "omma/io/image_file.h"
#include "tests/hostile/image/jpeg_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::operator+=;
using testing::Bytes;

std::string fault(const Bytes& bytes, const ImageLimits& limits = {}) {
  return testing::invalid_argument_of([&] { decode_image(bytes, "x", limits); });
}

std::int64_t resident_pages() {
  std::int64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident;
}

// A JPEG whose frame header claims another size.
Bytes claiming(Bytes jpeg, std::uint32_t width, std::uint32_t height) {
  const std::size_t frame = testing::marker_at(jpeg, 0xC0);
  for (std::size_t i = 0; i < 2; ++i) {
    jpeg[frame + 5 + i] = testing::number(height, 2, true)[i];
    jpeg[frame + 7 + i] = testing::number(width, 2, true)[i];
  }
  return jpeg;
}

TEST(Sizes, TinyPicturesDecode) {
  constexpr std::pair<int, int> sizes[] = {{1, 1}, {1, 9}, {9, 1}, {2, 3}, {3, 2}, {3, 3}, {1, 3}, {3, 1}};
  for (const auto& [width, height] : sizes) {
    const Image picture = testing::test_picture(width, height);
    EXPECT_EQ(decode_image(encode_png(picture), "x"), picture);
    const Image jpeg = decode_image(encode_jpeg(picture), "x");
    EXPECT_EQ(std::pair(jpeg.width, jpeg.height), std::pair(width, height));
    EXPECT_EQ(decode_image(testing::webp_file(testing::webp_picture_chunk(picture)), "x"), picture);
  }
}

TEST(Sizes, LongThinPicturesDecode) {
  EXPECT_EQ(decode_image(encode_png(Image(65'535, 1)), "x").width, 65'535);
  EXPECT_EQ(decode_image(encode_png(Image(1, 65'535)), "x").height, 65'535);
  EXPECT_NE(fault(encode_png(Image(65'536, 1))).find("a side is over the limit of 65535"), std::string::npos);
}

TEST(Sizes, ClaimsOverTheLimitsAreRejected) {
  const Bytes rows(8);
  EXPECT_NE(fault(testing::png_file({.width = 65'535, .height = 65'535}, rows)).find("pixels are over the limit"),
            std::string::npos);
  EXPECT_NE(fault(testing::png_file({.width = 0x7FFFFFFF, .height = 1}, rows)).find("a side is over the limit"), std::string::npos);
  EXPECT_NE(fault(testing::png_file({.width = 0x7FFFFFFF, .height = 0x7FFFFFFF}, rows)), "");
  EXPECT_NE(fault(testing::png_file({.width = 0x80000000, .height = 1}, rows)), "");
  EXPECT_NE(fault(testing::png_file({.width = 0, .height = 1}, rows)), "");
  const Bytes jpeg = encode_jpeg(Image(8, 8));
  EXPECT_NE(fault(claiming(jpeg, 65'500, 65'500)).find("pixels are over the limit"), std::string::npos);
  EXPECT_NE(fault(claiming(jpeg, 65'535, 8)), "");  // over libjpeg's own limit
  EXPECT_NE(fault(claiming(jpeg, 0, 8)), "");
  EXPECT_NE(fault(claiming(jpeg, 8, 0)), "");
}

// Within the limits, but no file of this length holds that many pixels: nothing of their size may be touched.
TEST(Sizes, ClaimsOverTheFilesContentsCostNoMemory) {
  const std::int64_t before = resident_pages();
  const Bytes jpeg = encode_jpeg(Image(8, 8));
  for (int round = 0; round < 20; ++round) {
    EXPECT_NE(fault(testing::png_file({.width = 13'000, .height = 13'000}, Bytes(8))).find("the file is truncated"),
              std::string::npos);
    EXPECT_NE(fault(claiming(jpeg, 13'000, 13'000)).find("the file is truncated"), std::string::npos);
  }
  EXPECT_LT(resident_pages() - before, 4096);  // 16 MiB
}

// 50,000 x 50,000 white pixels are 312 MB of one-bit rows, and a few hundred kilobytes deflated.
TEST(Sizes, FlatPngBombIsRejectedByItsPixels) {
  const Bytes rows(std::size_t{6251} * 5000);  // the header alone decides
  EXPECT_NE(fault(testing::png_file({.width = 50'000, .height = 50'000, .depth = 1, .color = 0}, rows)).find("over the limit"),
            std::string::npos);
}

// Text and colour profiles that inflate a thousandfold are not inflated at all.
TEST(Sizes, CompressedChunksAreNotInflated) {
  const Bytes bomb = testing::deflated(Bytes(std::size_t{64} << 20));
  Bytes text = testing::bytes_of(std::string_view("Comment\0\0", 9));
  text += bomb;
  Bytes extra = testing::png_chunk("zTXt", text);
  extra += testing::png_chunk("iCCP", text);
  Bytes international = testing::bytes_of(std::string_view("Comment\0\1\0\0\0", 12));
  international += bomb;
  extra += testing::png_chunk("iTXt", international);
  const Bytes file = testing::png_file({}, Bytes{0, 1, 2, 3}, extra);
  const std::int64_t before = resident_pages();
  for (int round = 0; round < 20; ++round) EXPECT_EQ(decode_image(file, "x").data, (Bytes{1, 2, 3}));
  EXPECT_LT(resident_pages() - before, 4096);
}

// Rows beyond the picture's last are not inflated either.
TEST(Sizes, PixelDataBeyondThePictureCostsNoMemory) {
  Bytes rows(std::size_t{64} << 20);
  rows[1] = 7;
  const Bytes file = testing::png_file({}, rows);
  const std::int64_t before = resident_pages();
  (void)fault(file);  // libpng's version decides whether spare data is an error
  EXPECT_LT(resident_pages() - before, 4096);
}

TEST(Sizes, FilesOverTheLimitAreNotRead) {
  const testing::TemporaryDirectory directory;
  write_image(directory / "x.png", testing::test_picture(50, 50));
  EXPECT_NE(
      testing::invalid_argument_of([&] { read_image(directory / "x.png", {.file_bytes = 100}); }).find("over the limit of 100"),
      std::string::npos);
}

TEST(Sizes, BlackAndWhiteStayBlackAndWhite) {
  for (const int value : {0, 255}) {
    Image flat(20, 20);
    std::fill(flat.data.begin(), flat.data.end(), static_cast<std::uint8_t>(value));
    EXPECT_EQ(decode_image(encode_png(flat), "x"), flat);
    EXPECT_EQ(decode_image(encode_jpeg(flat), "x"), flat);
  }
}

// What was allocated is given back, whether a picture came out or not.
TEST(Sizes, RepeatsLeakNothing) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer keeps freed memory, and finds leaks itself";
#else
  const Bytes png = encode_png(testing::test_picture(300, 300)), jpeg = encode_jpeg(testing::test_picture(300, 300));
  const auto half_of = [](const Bytes& file) {
    return Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(file.size() / 2));
  };
  const Bytes broken_png = half_of(png), broken_jpeg = half_of(jpeg);
  const auto round = [&] {
    decode_image(png, "x");
    decode_image(jpeg, "x");
    EXPECT_NE(fault(broken_png), "");
    EXPECT_NE(fault(broken_jpeg), "");
  };
  for (int i = 0; i < 10; ++i) round();
  const std::int64_t before = resident_pages();
  for (int i = 0; i < 100; ++i) round();
  EXPECT_LE(resident_pages() - before, 256);  // 1 MiB
#endif
}

}  // namespace
}  // namespace omma
