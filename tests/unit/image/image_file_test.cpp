#include "omma/io/image_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "omma/base/file.h"
#include "omma/vision/orientation.h"
#include "tests/hostile/image/picture_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using namespace std::string_view_literals;
using testing::operator+=;
using testing::invalid_argument_of;
using testing::test_picture;

double mean_difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  double sum = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) sum += std::abs(a.data[i] - b.data[i]);
  return sum / static_cast<double>(a.data.size());
}

TEST(ImageFile, PngComesBackAsItWas) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 7}, {7, 1}, {2, 3}, {3, 3}, {101, 67}})
    EXPECT_EQ(decode_image(encode_png(test_picture(width, height)), "x.png"), test_picture(width, height));
}

TEST(ImageFile, JpegComesBackNearly) {
  const Image picture = test_picture(101, 67);
  EXPECT_LT(mean_difference(decode_image(encode_jpeg(picture, 95), "x.jpg"), picture), 4);
  EXPECT_LT(encode_jpeg(picture, 20).size(), encode_jpeg(picture, 95).size());
}

TEST(ImageFile, WebpLosslessComesBackAsItWas) {
  const Image picture = test_picture(33, 17);
  EXPECT_EQ(decode_image(testing::webp_file(testing::webp_picture_chunk(picture)), "x.webp"), picture);
}

TEST(ImageFile, WritesByExtensionAndReadsByContent) {
  const testing::TemporaryDirectory directory;
  const Image picture = test_picture(20, 10);
  write_image(directory / "a.PNG", picture);
  EXPECT_EQ(read_image(directory / "a.PNG"), picture);
  write_image(directory / "b.jpeg", picture);
  std::filesystem::rename(directory / "a.PNG", directory / "b.jpeg");  // a PNG of a JPEG's name
  EXPECT_EQ(read_image(directory / "b.jpeg"), picture);
}

TEST(ImageFile, ExtensionsTellThePicturesOfAFolder) {
  for (const char* name : {"a.jpg", "a.JPEG", "b/a.png", "a.b.WebP", "a.gif", "a.Bmp", "a.tif", "a.TIFF"})
    EXPECT_TRUE(has_picture_extension(name)) << name;
  for (const char* name : {"", "a", "jpg", ".jpg", "a.jpg.txt", "a.", "a.mp4", "a.jpgs", "a.svg"})
    EXPECT_FALSE(has_picture_extension(name)) << name;
  EXPECT_EQ(image_extension(encode_png(Image(1, 1))), "png");
  EXPECT_EQ(image_extension(testing::bytes_of("GIF89a")), "gif");
  EXPECT_EQ(image_extension(testing::bytes_of("MM\0*"sv)), "tif");
  EXPECT_EQ(image_extension(testing::bytes_of("hello")), "");
}

TEST(ImageFile, RefusesOtherExtensions) {
  for (const char* name : {"x.gif", "x", "x.webp", "png"})
    EXPECT_NE(invalid_argument_of([&] { write_image(name, Image(1, 1)); }).find("expected a name that ends in"), std::string::npos);
}

TEST(ImageFile, RefusesToWriteNothing) {
  EXPECT_THROW(encode_png(Image()), std::invalid_argument);
  EXPECT_THROW(encode_jpeg(Image()), std::invalid_argument);
  EXPECT_THROW(encode_jpeg(Image(1, 1), 0), std::invalid_argument);
  EXPECT_THROW(encode_jpeg(Image(1, 1), 101), std::invalid_argument);
  EXPECT_THROW(encode_jpeg(Image(70'000, 1)), std::invalid_argument);
}

TEST(ImageFile, ErrorsNameTheFile) {
  EXPECT_NE(invalid_argument_of([] { read_image("no/such/picture.png"); }).find("no/such/picture.png"), std::string::npos);
  EXPECT_EQ(invalid_argument_of([] { decode_image(testing::bytes_of("hello"), "upload 3"); }),
            "upload 3: expected a picture (JPEG, PNG, WebP, GIF, BMP or TIFF), got a text file");
}

TEST(ImageFile, LimitsAreInclusive) {
  const auto png = encode_png(test_picture(20, 10));
  EXPECT_EQ(decode_image(png, "x", {.pixels = 200, .side = 20, .file_bytes = png.size()}).width, 20);
  EXPECT_EQ(invalid_argument_of([&] { decode_image(png, "x", {.pixels = 199}); }), "x: 20 x 10 pixels are over the limit of 199");
  EXPECT_EQ(invalid_argument_of([&] { decode_image(png, "x", {.side = 19}); }),
            "x: 20 x 10 pixels: a side is over the limit of 19");
  EXPECT_NE(invalid_argument_of([&] { decode_image(png, "x", {.file_bytes = png.size() - 1}); }).find("bytes are over the limit"),
            std::string::npos);
}

// Of a file with these bytes.
ImageSize size_of(const testing::TemporaryDirectory& directory, std::span<const std::uint8_t> bytes) {
  write_file(directory / "picture", std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  return read_image_size(directory / "picture");
}

TEST(ImageFile, TurnsPicturesUpright) {
  const testing::TemporaryDirectory directory;
  const auto expect_size = [&](const testing::Bytes& bytes) {
    const Image whole = decode_image(bytes, "x");
    EXPECT_EQ(size_of(directory, bytes), (ImageSize{whole.width, whole.height}));
  };
  const Image stored = test_picture(24, 16);
  const auto jpeg = encode_jpeg(stored);
  for (std::uint32_t value = 0; value <= 9; ++value) {
    const auto block = testing::tiff({{.value = value}}, value % 2 == 0);
    EXPECT_EQ(decode_image(testing::with_exif(jpeg, block), "x.jpg"),
              upright(decode_image(jpeg, "x.jpg"), static_cast<int>(value)));
    expect_size(testing::with_exif(jpeg, block));
    testing::Bytes rows;
    for (int y = 0; y < stored.height; ++y) {
      rows.push_back(0);
      rows += std::span<const std::uint8_t>(stored.pixel(0, y), 3 * static_cast<std::size_t>(stored.width));
    }
    const auto turned = testing::png_file({.width = 24, .height = 16}, rows, testing::png_chunk("eXIf", block));
    EXPECT_EQ(decode_image(turned, "x.png"), upright(stored, static_cast<int>(value)));
    expect_size(turned);
    testing::Bytes chunks = testing::webp_canvas_chunk(8, 24, 16);
    chunks += testing::webp_picture_chunk(stored);
    chunks += testing::riff_chunk("EXIF", block);
    EXPECT_EQ(decode_image(testing::webp_file(chunks), "x.webp"), upright(stored, static_cast<int>(value)));
    expect_size(testing::webp_file(chunks));
  }
}

TEST(ImageFile, SizesNeedTheHeaderAlone) {
  const testing::TemporaryDirectory directory;
  auto jpeg = encode_jpeg(test_picture(200, 100)), png = encode_png(test_picture(200, 100));
  jpeg.resize(jpeg.size() / 2);
  EXPECT_EQ(size_of(directory, jpeg), (ImageSize{200, 100}));
  for (auto* bytes : {&jpeg, &png}) {
    bytes->resize(16);
    EXPECT_NE(invalid_argument_of([&] { size_of(directory, *bytes); }).find("picture"), std::string::npos);
  }
  EXPECT_NE(invalid_argument_of([&] { size_of(directory, testing::bytes_of("hello")); }).find("got a text file"),
            std::string::npos);
  EXPECT_THROW(read_image_size(directory / "absent"), std::invalid_argument);
}

}  // namespace
}  // namespace omma
