// What is no picture, or none that omma reads, is told by its content: the type found and the types supported. (I1, I11)
#include <gtest/gtest.h>

#include <string>

#include "omma/io/image_file.h"
#include "tests/hostile/image/picture_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using namespace std::string_view_literals;

std::string fault(std::string_view bytes) {
  return testing::invalid_argument_of([&] { decode_image(testing::bytes_of(bytes), "cat.jpg"); });
}

TEST(NotPictures, AreNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {""sv, "an empty file"},
      {"\0"sv, "an unknown format"},
      {"\xFF"sv, "an unknown format"},
      {"A cat."sv, "a text file"},
      {"<html><body>Not found</body></html>"sv, "HTML"},
      {"<?xml version='1.0'?><svg/>"sv, "SVG or XML"},
      {"%PDF-1.4"sv, "PDF"},
      {"\0\0\0\x1C"sv
       "ftypheix"sv,
       "HEIC"},
      {"8BPS\0\1"sv, "PSD"},
      {"\x1F\x8B\x08"sv, "a gzip file"},
  };
  for (const auto& [bytes, type] : cases) {
    const std::string expected = "cat.jpg: expected a picture (JPEG, PNG, WebP, GIF, BMP or TIFF), got " + std::string(type);
    EXPECT_EQ(fault(std::string(bytes)), expected);
  }
}

// The first bytes of a picture and nothing more.
TEST(NotPictures, BareMagicIsTruncated) {
  EXPECT_NE(fault("\xFF\xD8\xFF"sv).find("cat.jpg: JPEG: "), std::string::npos);
  EXPECT_NE(fault("\x89PNG\r\n\x1A\n"sv).find("the file is truncated"), std::string::npos);
  EXPECT_NE(fault("GIF89a\1\0\1\0"sv).find("cat.jpg: GIF: byte 10: expected 1 more bytes, found 0"), std::string::npos);
  EXPECT_NE(fault("BM"sv).find("cat.jpg: BMP: byte 0: expected 10 more bytes, found 2"), std::string::npos);
  EXPECT_NE(fault("II*\0\x08\0\0\0"sv).find("cat.jpg: TIFF: the file is truncated"), std::string::npos);
  EXPECT_NE(fault("RIFF\4\0\0\0WEBP"sv).find("the file is truncated"), std::string::npos);
}

TEST(NotPictures, NoFileAndNoRegularFile) {
  const testing::TemporaryDirectory directory;
  EXPECT_NE(testing::invalid_argument_of([&] { read_image(directory / "absent.png"); }), "");
  EXPECT_NE(testing::invalid_argument_of([&] { read_image(directory.path()); }).find("expected a regular file"), std::string::npos);
  EXPECT_NE(testing::invalid_argument_of([] { read_image("/dev/zero"); }).find("expected a regular file"), std::string::npos);
}

}  // namespace
}  // namespace omma
