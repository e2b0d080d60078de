#include "omma/vision/orientation.h"

#include <gtest/gtest.h>

#include <string>

namespace omma {
namespace {

// A picture whose pixels are letters, row by row.
Image letters_picture(int width, int height, const std::string& letters) {
  Image image(width, height);
  for (std::size_t i = 0; i < letters.size(); ++i)
    std::fill_n(image.data.begin() + 3 * i, 3, static_cast<std::uint8_t>(letters[i]));
  return image;
}

TEST(Orientation, TurnsEachOfTheEight) {
  const Image stored = letters_picture(3, 2, "abcdef");
  EXPECT_EQ(upright(stored, 1), stored);
  EXPECT_EQ(upright(stored, 2), letters_picture(3, 2, "cbafed"));
  EXPECT_EQ(upright(stored, 3), letters_picture(3, 2, "fedcba"));
  EXPECT_EQ(upright(stored, 4), letters_picture(3, 2, "defabc"));
  EXPECT_EQ(upright(stored, 5), letters_picture(2, 3, "adbecf"));
  EXPECT_EQ(upright(stored, 6), letters_picture(2, 3, "daebfc"));
  EXPECT_EQ(upright(stored, 7), letters_picture(2, 3, "fcebda"));
  EXPECT_EQ(upright(stored, 8), letters_picture(2, 3, "cfbead"));
}

TEST(Orientation, OtherValuesLeaveThePictureAsItIs) {
  const Image stored = letters_picture(3, 2, "abcdef");
  for (const int value : {-1, 0, 9, 65536}) EXPECT_EQ(upright(stored, value), stored);
  EXPECT_EQ(upright(Image(), 6), Image());
}

TEST(Orientation, TurningBackGivesThePictureBack) {
  Image stored(70, 45);  // more than one tile
  for (std::size_t i = 0; i < stored.data.size(); ++i) stored.data[i] = static_cast<std::uint8_t>(i * 31 % 251);
  const int inverse[] = {0, 1, 2, 3, 4, 5, 8, 7, 6};
  for (int value = 1; value <= 8; ++value) EXPECT_EQ(upright(upright(stored, value), inverse[value]), stored) << value;
}

}  // namespace
}  // namespace omma
