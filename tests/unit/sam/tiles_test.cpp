// Parts of a picture.
#include "omma/models/sam/tiles.h"

#include <gtest/gtest.h>

#include <vector>

#include "omma/models/sam/automatic_masks.h"

namespace omma::sam {
namespace {

TEST(Tiles, PartsDoubleUntilTheyHoldThePicture) {
  EXPECT_EQ(part_sides({.width = 256, .height = 200}, 192, 3), (std::vector<int>{64, 128}));
  EXPECT_EQ(part_sides({.width = 257, .height = 200}, 192, 3), (std::vector<int>{64, 128, 256}));
  EXPECT_EQ(part_sides({.width = 60, .height = 64}, 192, 3), std::vector<int>{});  // one part is the picture
  EXPECT_EQ(part_sides({.width = 5, .height = 3}, 64, 64), (std::vector<int>{1, 2, 4}));
}

TEST(Tiles, PartsCoverThePictureAndOverlap) {
  for (const Size picture : {Size{100, 40}, Size{64, 64}, Size{129, 65}, Size{1, 300}}) {
    const std::vector<Box> parts = parts_of(picture, 32, 0.25);
    std::vector<int> seen(static_cast<std::size_t>(picture.width * picture.height));
    for (const Box& part : parts) {
      EXPECT_EQ(part.width(), std::min(32, picture.width));
      EXPECT_EQ(part.height(), std::min(32, picture.height));
      for (int y = static_cast<int>(part.y0); y < static_cast<int>(part.y1); ++y)
        for (int x = static_cast<int>(part.x0); x < static_cast<int>(part.x1); ++x)
          ++seen.at(static_cast<std::size_t>(y * picture.width + x));
    }
    EXPECT_TRUE(std::ranges::all_of(seen, [](int times) { return times > 0; })) << picture.width;
  }
  const std::vector<Box> row = parts_of({.width = 100, .height = 32}, 32, 0.25);
  ASSERT_EQ(row.size(), 4U);
  EXPECT_EQ(row[1], (Box{24, 0, 56, 32}));
  EXPECT_EQ(row[3], (Box{68, 0, 100, 32}));  // the last ends with the picture
}

TEST(Tiles, APlaceIsInTheMiddleOfItsPart) {
  const Size picture{.width = 200, .height = 120};
  for (float x = 0; x < 200; x += 7)
    for (float y = 0; y < 120; y += 7) {
      const Box part = part_around(x, y, 32, picture);
      const float to_edge = std::min({x - part.x0, part.x1 - x, y - part.y0, part.y1 - y});
      const float to_border = std::min({x, 200 - x, y, 120 - y});
      EXPECT_GE(to_edge, std::min(8.F, to_border)) << x << ", " << y;  // a quarter of a side, but at the picture's border
    }
  EXPECT_EQ(part_around(-50, 500, 32, picture), (Box{0, 88, 32, 120}));
}

TEST(Tiles, WhatEndsWithItsPartIsCutOffButNotAtThePicturesBorder) {
  const Size picture{.width = 100, .height = 100};
  const Box part{0, 20, 50, 70};
  EXPECT_FALSE(is_cut_off({0, 30, 20, 40}, part, picture, 1));  // the picture ends there, too
  EXPECT_TRUE(is_cut_off({10, 21, 20, 40}, part, picture, 1));  // above
  EXPECT_TRUE(is_cut_off({10, 30, 50, 40}, part, picture, 1));  // at the right
  EXPECT_FALSE(is_cut_off({10, 30, 48, 40}, part, picture, 1));
  EXPECT_TRUE(is_cut_off({10, 30, 31, 40}, part, picture, 20));
}

TEST(Tiles, AutomaticMasksLookAtTheWholeThenAtSmallerParts) {
  AutomaticMaskOptions options;
  options.enlargement = 2;
  const std::vector<Crop> crops = crops_of({.width = 130, .height = 64}, 64, options);
  EXPECT_EQ(crops.front().box, (Box{0, 0, 130, 64}));
  EXPECT_EQ(crops.front().edge_pixels, 20);
  std::vector<float> sides;
  for (const Crop& crop : crops) sides.push_back(crop.box.width());
  EXPECT_TRUE(std::ranges::is_sorted(sides, std::greater<>()));
  EXPECT_EQ(sides.back(), 32);
  EXPECT_EQ(crops.back().layer, 3);  // 130, 128, 64, 32
  EXPECT_EQ(crops.back().edge_pixels, 1);
}

}  // namespace
}  // namespace omma::sam
