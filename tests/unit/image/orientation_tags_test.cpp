#include "omma/io/orientation_tags.h"

#include <gtest/gtest.h>

#include "tests/hostile/image/picture_bytes.h"

namespace omma {
namespace {

using testing::operator+=;
using testing::tiff;

TEST(Exif, ReadsTheOrientationInBothByteOrders) {
  for (std::uint32_t value = 1; value <= 8; ++value) {
    EXPECT_EQ(exif_orientation(tiff({{.value = value}})), static_cast<int>(value));
    EXPECT_EQ(exif_orientation(tiff({{.value = value}}, true)), static_cast<int>(value));
  }
}

TEST(Exif, ReadsItWithThePrefixAndBehindOtherTags) {
  testing::Bytes block = testing::bytes_of(std::string_view("Exif\0\0", 6));
  block += tiff({{.tag = 0x010F, .type = 2, .count = 20, .value = 38}, {.value = 6}});
  EXPECT_EQ(exif_orientation(block), 6);
}

TEST(Exif, ReadsALongToo) { EXPECT_EQ(exif_orientation(tiff({{.type = 4, .value = 8}}, true)), 8); }

TEST(Exif, OutOfRangeIsOne) {
  EXPECT_EQ(exif_orientation(tiff({{.value = 0}})), 1);
  EXPECT_EQ(exif_orientation(tiff({{.value = 9}})), 1);
  EXPECT_EQ(exif_orientation(tiff({{.type = 4, .value = 0xFFFFFFFF}})), 1);
}

TEST(Exif, OfSeveralValuesTheFirstCounts) {
  EXPECT_EQ(exif_orientation(tiff({{.count = 2, .value = 6}})), 6);
  testing::Bytes elsewhere = tiff({{.count = 3, .value = 0}}, true);  // three stand behind the directory
  const auto values = static_cast<std::uint8_t>(elsewhere.size());
  elsewhere[8 + 2 + 11] = values;  // the last byte of the first entry
  elsewhere += testing::Bytes{0, 6, 0, 1, 0, 1};
  EXPECT_EQ(exif_orientation(elsewhere), 6);
  elsewhere.pop_back();  // they end outside the block
  EXPECT_EQ(exif_orientation(elsewhere), std::nullopt);
}

TEST(Exif, AnyIntegerWillDo) {
  for (const std::uint32_t type : {3, 4, 6, 8, 9, 13}) EXPECT_EQ(exif_orientation(tiff({{.type = type, .value = 6}})), 6) << type;
  for (const std::uint32_t type : {1, 2, 7}) EXPECT_EQ(exif_orientation(tiff({{.type = type, .value = 6}})), 1) << type;
}

TEST(Exif, AbsentIsNothing) {
  EXPECT_EQ(exif_orientation({}), std::nullopt);
  EXPECT_EQ(exif_orientation(tiff({})), std::nullopt);
  EXPECT_EQ(exif_orientation(tiff({{.tag = 0x0100, .value = 6}})), std::nullopt);
  EXPECT_EQ(exif_orientation(tiff({{.count = 0, .value = 6}})), std::nullopt);
  EXPECT_EQ(exif_orientation(tiff({{.type = 99, .value = 6}})), std::nullopt);
  EXPECT_EQ(exif_orientation(tiff({{.count = 0xFFFFFFFF, .value = 6}})), std::nullopt);
}

TEST(Xmp, ReadsAnAttributeOrAnElement) {
  EXPECT_EQ(xmp_orientation("<rdf:Description tiff:Orientation=\"6\"/>"), 6);
  EXPECT_EQ(xmp_orientation("<tiff:Orientation>8</tiff:Orientation>"), 8);
  EXPECT_EQ(xmp_orientation("tiff:Orientation='6' <tiff:Orientation>3<"), 3);  // Pillow knows one kind of quotes
  EXPECT_EQ(xmp_orientation("tiff:Orientation=\"9\""), 1);
  EXPECT_EQ(xmp_orientation("tiff:Orientation=\""), std::nullopt);
  EXPECT_EQ(xmp_orientation(""), std::nullopt);
}

TEST(StoredOrientation, ExifComesFirst) {
  constexpr std::string_view xmp = "<tiff:Orientation>8</tiff:Orientation>";
  EXPECT_EQ(stored_orientation(tiff({{.value = 6}}), xmp), 6);
  EXPECT_EQ(stored_orientation(tiff({{.value = 1}}), xmp), 1);
  EXPECT_EQ(stored_orientation(tiff({}), xmp), 8);
  EXPECT_EQ(stored_orientation({}, xmp), 8);
  EXPECT_EQ(stored_orientation({}, ""), 1);
}

}  // namespace
}  // namespace omma
