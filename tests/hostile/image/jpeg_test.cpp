// JPEG: truncation, rare codings, scans without end, hostile EXIF. (I5, I6, I8, I10)
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "omma/io/image_file.h"
#include "omma/vision/orientation.h"
#include "tests/hostile/image/jpeg_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::operator+=;
using testing::Bytes;
using testing::jpeg_file;
using testing::marker_at;
using testing::test_picture;

Image decode(const Bytes& bytes) { return decode_image(bytes, "x.jpg"); }

std::string fault(const Bytes& bytes) {
  return testing::invalid_argument_of([&] { decode(bytes); });
}

const Image picture = test_picture(64, 48);

Bytes jpeg(const testing::JpegOptions& options = {}) { return jpeg_file(picture.data, picture.width, picture.height, options); }

Bytes head(const Bytes& bytes, std::size_t size) { return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}; }

TEST(Jpeg, TruncationAnywhereIsAnError) {
  for (const auto& options : {testing::JpegOptions{}, {.progressive = true}, {.restarts = 2}, {.arithmetic = true}}) {
    const Bytes whole = jpeg(options);
    EXPECT_EQ(fault(whole), "");
    for (std::size_t size = 0; size + 3 < whole.size(); ++size) EXPECT_NE(fault(head(whole, size)), "") << size;
  }
}

TEST(Jpeg, TheEndMarkerAloneMayBeMissing) {
  for (const auto& options : {testing::JpegOptions{}, {.progressive = true}, {.restarts = 2}}) {
    const Bytes whole = jpeg(options);
    for (const std::size_t missing : {1, 2}) {
      const Bytes cut = head(whole, whole.size() - missing);
      ASSERT_EQ(fault(cut), "");
      EXPECT_EQ(decode(cut), decode(whole));
    }
  }
  const Bytes arithmetic = jpeg({.arithmetic = true});  // its decoder fills in zeros without a word
  EXPECT_NE(fault(head(arithmetic, arithmetic.size() - 2)), "");
}

// A progressive picture without its last scan is a rougher one; libjpeg has nothing to say against that.
TEST(Jpeg, MissingScansAreAnError) {
  const Bytes whole = jpeg({.progressive = true});
  std::size_t scans = 0;
  for (std::size_t scan = marker_at(whole, 0xDA); scan < whole.size(); scan = marker_at(whole, 0xDA, scan + 1), ++scans)
    EXPECT_NE(fault(head(whole, scan)), "") << scan;
  EXPECT_GT(scans, 5U);
}

TEST(Jpeg, SpareBytesBehindThePictureAreIgnored) {
  Bytes bytes = jpeg();
  bytes += "appended by a camera";
  EXPECT_EQ(decode(bytes), decode(jpeg()));
}

TEST(Jpeg, DamageInsideIsAnError) {
  Bytes bytes = jpeg({.restarts = 2});
  const std::size_t restart = marker_at(bytes, 0xD1);
  bytes[restart + 1] = 0xD5;  // the wrong restart marker: rows in between are lost
  EXPECT_NE(fault(bytes), "");
  bytes = jpeg();
  const std::size_t scan = marker_at(bytes, 0xDA);
  bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(scan + 200), bytes.begin() + static_cast<std::ptrdiff_t>(scan + 400));
  EXPECT_NE(fault(bytes), "");
}

TEST(Jpeg, ProgressiveArithmeticAndGrayDecode) {
  EXPECT_EQ(decode(jpeg({.progressive = true})), decode(jpeg()));
  EXPECT_EQ(decode(jpeg({.arithmetic = true})), decode(jpeg()));
  const Bytes shades(64 * 48, 77);
  const Image gray = decode(jpeg_file(shades, 64, 48, {.gray = true}));
  for (const std::uint8_t value : gray.data) ASSERT_EQ(value, 77);
}

TEST(Jpeg, CmykIsReadAsAdobeWritesIt) {
  Bytes ink;  // inverted: 255 is none. Cyan 200 and black 55 of 255
  for (int i = 0; i < 16 * 16; ++i) ink += Bytes{55, 255, 255, 200};
  const Image image = decode(jpeg_file(ink, 16, 16, {.cmyk = true}));
  EXPECT_NEAR(image.data[0], 200 * 55 / 255, 2);
  EXPECT_NEAR(image.data[1], 200, 2);
  EXPECT_NEAR(image.data[2], 200, 2);
}

TEST(Jpeg, UnsupportedProcessesAreNamed) {
  Bytes twelve_bits = jpeg();
  twelve_bits[marker_at(twelve_bits, 0xC0) + 4] = 12;
  EXPECT_NE(fault(twelve_bits).find("12"), std::string::npos);
  Bytes lossless = jpeg();
  lossless[marker_at(lossless, 0xC0) + 1] = 0xC3;
  EXPECT_NE(fault(lossless).find("x.jpg: JPEG: Unsupported"), std::string::npos);
  Bytes two_components = jpeg();
  two_components[marker_at(two_components, 0xC0) + 9] = 2;
  EXPECT_NE(fault(two_components), "");
}

// The second scan, repeated: each makes the decoder walk the whole picture again.
TEST(Jpeg, ScansWithoutEndAreCut) {
  const Bytes whole = jpeg({.progressive = true});
  const std::size_t scan = marker_at(whole, 0xDA, marker_at(whole, 0xDA) + 1);
  const std::size_t end = marker_at(whole, 0xC4, scan);  // the Huffman table of the next scan
  const std::span<const std::uint8_t> all(whole);
  Bytes bytes = head(whole, end);
  for (int i = 0; i < 10'000; ++i) bytes += all.subspan(scan, end - scan);
  bytes += all.subspan(end);
  EXPECT_NE(fault(bytes).find("more scans than a picture needs"), std::string::npos) << fault(bytes);
}

TEST(Jpeg, ExifOutOfRangeIsUpright) {
  EXPECT_EQ(decode(testing::with_exif(jpeg(), testing::tiff({{.value = 9}}))), decode(jpeg()));
  EXPECT_EQ(decode(testing::with_exif(jpeg(), testing::tiff({{.value = 6}}))), upright(decode(jpeg()), 6));
}

TEST(Jpeg, XmpTurnsWhereExifDoesNot) {
  Bytes xmp = testing::bytes_of(std::string_view("http://ns.adobe.com/xap/1.0/\0", 29));
  xmp += "<x:xmpmeta><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>";
  const Bytes file = testing::with_segment(jpeg(), 0xE1, xmp);
  EXPECT_EQ(decode(file), upright(decode(jpeg()), 6));
  EXPECT_EQ(decode(testing::with_exif(file, testing::tiff({{.tag = 0x0100}}))), upright(decode(jpeg()), 6));
  EXPECT_EQ(decode(testing::with_exif(file, testing::tiff({{.value = 3}}))), upright(decode(jpeg()), 3));
}

TEST(Jpeg, HostileExifIsUpright) {
  const Image stored = decode(jpeg());
  Bytes circle = testing::tiff({{.tag = 0x8769, .type = 4, .value = 8}});              // the sub-directory is the directory itself
  for (std::size_t i = 0; i < 4; ++i) circle[circle.size() - 4 + i] = i == 0 ? 8 : 0;  // and so is the next one
  Bytes outside = testing::tiff({{.value = 6}});
  outside[4] = outside[5] = outside[6] = outside[7] = 0xFF;  // the directory lies past the end
  Bytes many = testing::tiff({{.tag = 1}});
  many[8] = many[9] = 0xFF;  // 65,535 entries, one there
  const Bytes whole = testing::tiff({{.value = 6}});
  for (const Bytes& block : {circle, outside, many, Bytes{}, Bytes(65'000), testing::bytes_of("II"), testing::bytes_of("XX*\0")})
    EXPECT_EQ(decode(testing::with_exif(jpeg(), block)), stored);
  for (std::size_t size = 0; size < 20; ++size) EXPECT_EQ(decode(testing::with_exif(jpeg(), head(whole, size))), stored) << size;
}

TEST(Jpeg, ColourProfilesAreIgnored) {
  Bytes profile = testing::bytes_of(std::string_view("ICC_PROFILE\0\1\1", 14));
  profile += Bytes(5000, 0xAB);
  EXPECT_EQ(decode(testing::with_segment(jpeg(), 0xE2, profile)), decode(jpeg()));
}

}  // namespace
}  // namespace omma
