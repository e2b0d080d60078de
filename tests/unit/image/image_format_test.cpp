#include "omma/io/image_format.h"

#include <gtest/gtest.h>

#include <string>

#include "omma/io/image_file.h"
#include "tests/hostile/image/picture_bytes.h"

namespace omma {
namespace {

using namespace std::string_view_literals;

std::string_view format_of(std::string_view bytes) { return image_format(testing::bytes_of(bytes)); }

TEST(ImageFormat, KnowsThePicturesItReads) {
  EXPECT_EQ(image_format(encode_jpeg(Image(1, 1))), "JPEG");
  EXPECT_EQ(image_format(encode_png(Image(1, 1))), "PNG");
  EXPECT_EQ(image_format(testing::webp_file(testing::webp_picture_chunk(Image(1, 1)))), "WebP");
}

TEST(ImageFormat, NamesTheOthers) {
  EXPECT_EQ(format_of("GIF89a"), "GIF");
  EXPECT_EQ(format_of("BM\x36\x00"sv), "BMP");
  EXPECT_EQ(format_of("II*\0"sv), "TIFF");
  EXPECT_EQ(format_of("MM\0*"sv), "TIFF");
  EXPECT_EQ(format_of("\0\0\0\x18"sv
                      "ftypheic"),
            "HEIC");
  EXPECT_EQ(format_of("\0\0\0\x18"sv
                      "ftypavif"),
            "AVIF");
  EXPECT_EQ(format_of("\0\0\0\x18"sv
                      "ftypisom"),
            "a video (MP4 or QuickTime)");
  EXPECT_EQ(format_of("RIFF\0\0\0\0AVI LIST"sv), "a video (AVI)");
  EXPECT_EQ(format_of("\xFF\x0A"), "JPEG XL");
  EXPECT_EQ(format_of("\0\0\1\0"sv), "ICO");
  EXPECT_EQ(format_of("8BPS"), "PSD");
  EXPECT_EQ(format_of("%PDF-1.7"), "PDF");
  EXPECT_EQ(format_of(std::string(128, '\0') + "DICM"), "DICOM");
  EXPECT_EQ(format_of("\xEF\xBB\xBF \n<SVG xmlns="), "SVG or XML");
  EXPECT_EQ(format_of("  <!DOCTYPE html>"), "HTML");
}

TEST(ImageFormat, SaysWhatElseAFileIs) {
  EXPECT_EQ(format_of(""), "an empty file");
  EXPECT_EQ(format_of("hello"), "a text file");
  EXPECT_EQ(format_of("PK\3\4"), "a zip archive");
  EXPECT_EQ(format_of("\x80\x81\x82"), "an unknown format");
}

}  // namespace
}  // namespace omma
