#include "omma/io/exif.h"

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

TEST(Exif, AbsentOrOfAnotherKindIsOne) {
  EXPECT_EQ(exif_orientation({}), 1);
  EXPECT_EQ(exif_orientation(tiff({})), 1);
  EXPECT_EQ(exif_orientation(tiff({{.tag = 0x0100, .value = 6}})), 1);
  EXPECT_EQ(exif_orientation(tiff({{.count = 2, .value = 6}})), 1);
  EXPECT_EQ(exif_orientation(tiff({{.type = 2, .value = 6}})), 1);
}

}  // namespace
}  // namespace omma
