#include "omma/vision/ground.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace omma {
namespace {

// Even, with a spot of another colour in the middle.
Image spotted(std::array<std::uint8_t, 3> ground, std::array<std::uint8_t, 3> spot) {
  Image image(20, 20);
  for (int y = 0; y < 20; ++y)
    for (int x = 0; x < 20; ++x) {
      const bool inside = x >= 7 && x < 13 && y >= 7 && y < 13;
      std::ranges::copy(inside ? spot : ground, image.pixel(x, y));
    }
  return image;
}

TEST(Ground, WhatAPictureIsMostlyLike) {
  EXPECT_EQ(kind_of_ground(spotted({10, 10, 12}, {200, 200, 200})), "dark");
  EXPECT_EQ(kind_of_ground(spotted({60, 0, 0}, {255, 0, 0})), "dark");
  EXPECT_EQ(kind_of_ground(spotted({230, 228, 231}, {90, 90, 90})), "light");
  EXPECT_EQ(kind_of_ground(spotted({230, 170, 220}, {90, 30, 120})), "coloured");
  EXPECT_THROW(kind_of_ground(Image()), std::invalid_argument);
}

}  // namespace
}  // namespace omma
