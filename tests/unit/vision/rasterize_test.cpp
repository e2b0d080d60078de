// Against pycocotools on random polygons: tests/parity/masks.
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <stdexcept>

#include "omma/vision/polygons.h"

namespace omma {
namespace {

RunLengths rasterized(std::vector<double> xy, int width, int height) {
  return rasterize(std::array{Polygon{std::move(xy)}}, width, height);
}

Mask rectangle(int width, int height, int left, int top, int right, int bottom) {
  Mask mask(width, height);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) mask.at(x, y) = 1;
  return mask;
}

TEST(Rasterize, PixelCornersGiveTheirPixels) {
  EXPECT_EQ(decode(rasterized({1, 2, 5, 2, 5, 4, 1, 4}, 7, 6)), rectangle(7, 6, 1, 2, 5, 4));
  EXPECT_EQ(decode(rasterized({5, 4, 5, 2, 1, 2, 1, 4}, 7, 6)), rectangle(7, 6, 1, 2, 5, 4));  // the other way round
  EXPECT_EQ(decode(rasterized({0, 0, 7, 0, 7, 6, 0, 6}, 7, 6)), rectangle(7, 6, 0, 0, 7, 6));
}

TEST(Rasterize, WhatPassesTheBorderIsCut) {
  EXPECT_EQ(decode(rasterized({-3, -2, 2, -2, 2, 99, -3, 99}, 7, 6)), rectangle(7, 6, 0, 0, 2, 6));
  EXPECT_EQ(decode(rasterized({-1e8, -1e8, 1e8, -1e8, 1e8, 1e8, -1e8, 1e8}, 7, 6)), rectangle(7, 6, 0, 0, 7, 6));
  EXPECT_EQ(area(rasterized({8, 1, 9, 1, 9, 5, 8, 5}, 7, 6)), 0);
}

TEST(Rasterize, NothingIsInsideALineOrAPoint) {
  EXPECT_EQ(area(rasterized({}, 7, 6)), 0);
  EXPECT_EQ(area(rasterized({3, 3}, 7, 6)), 0);
  EXPECT_EQ(area(rasterized({1, 1, 6, 5}, 7, 6)), 0);
  EXPECT_EQ(area(rasterized({1, 1, 6, 5, 1, 1}, 7, 6)), 0);
  EXPECT_EQ(rasterize(std::vector<Polygon>{}, 7, 6), (RunLengths{7, 6, {42}}));
}

TEST(Rasterize, PartsAreUnitedAndAPartThatCoversItselfTwiceHasAHole) {
  const Polygon outer{{0, 0, 6, 0, 6, 6, 0, 6}}, inner{{2, 2, 4, 2, 4, 4, 2, 4}};
  EXPECT_EQ(area(rasterize(std::array{outer, inner}, 6, 6)), 36);
  EXPECT_EQ(area(rasterized({0, 0, 6, 0, 6, 6, 0, 6, 0, 0, 2, 2, 4, 2, 4, 4, 2, 4, 2, 2}, 6, 6)), 32);
}

TEST(Rasterize, RefusesWhatIsNoPolygon) {
  EXPECT_THROW(rasterized({1, 2, 3}, 7, 6), std::invalid_argument);
  EXPECT_THROW(rasterized({1, 2, 3, std::numeric_limits<double>::quiet_NaN(), 1, 1}, 7, 6), std::invalid_argument);
  EXPECT_THROW(rasterized({1, 2, 3, std::numeric_limits<double>::infinity(), 1, 1}, 7, 6), std::invalid_argument);
  EXPECT_THROW(rasterized({1, 2, 3, 1.1e8, 1, 1}, 7, 6), std::invalid_argument);
  EXPECT_THROW(rasterized({1, 2, 3, 4, 1, 1}, 0, 6), std::invalid_argument);
  EXPECT_THROW(rasterized({1, 2, 3, 4, 1, 1}, 65536, 65536), std::invalid_argument);
}

}  // namespace
}  // namespace omma
