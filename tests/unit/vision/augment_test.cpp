#include "omma/vision/augment.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace omma {
namespace {

Image noise(int width, int height, std::uint64_t seed = 1) {
  Rng rng(seed);
  Image image(width, height);
  for (std::uint8_t& value : image.data) value = static_cast<std::uint8_t>(40 + rng.below(120));
  return image;
}

TEST(Augment, FlipTwiceIsNothing) {
  const Image image = noise(7, 5);
  EXPECT_EQ(flipped(flipped(image)), image);
  EXPECT_EQ(flipped(image).pixel(0, 2)[1], image.pixel(6, 2)[1]);
}

TEST(Augment, FactorOneAndTheIdentityMapChangeNothing) {
  const Image image = noise(9, 6);
  EXPECT_EQ(brightened(image, 1), image);
  EXPECT_EQ(sharpened(image, 1), image);
  EXPECT_EQ(warped(image, {}), image);
}

TEST(Augment, AutoContrastUsesTheWholeRange) {
  const Image image = auto_contrast(noise(30, 30));
  EXPECT_EQ(*std::ranges::min_element(image.data), 0);
  EXPECT_EQ(*std::ranges::max_element(image.data), 255);
  Image flat(4, 4);
  std::ranges::fill(flat.data, std::uint8_t{7});
  EXPECT_EQ(auto_contrast(flat), flat);
  EXPECT_EQ(equalized(flat), flat);
}

// Equal numbers of four values end evenly apart: by the rule of a fill-up from half a step.
TEST(Augment, EqualizeSpreadsEvenly) {
  Image image(40, 40);
  for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<std::uint8_t>(100 + (i / 3) % 4);
  const Image even = equalized(image);
  const int first = even.pixel(0, 0)[0], second = even.pixel(1, 0)[0], third = even.pixel(2, 0)[0], last = even.pixel(3, 0)[0];
  EXPECT_EQ(first, 0);
  EXPECT_NEAR(second - first, third - second, 1);
  EXPECT_EQ(last, 255);
}

TEST(Augment, TranslationBringsInGrey) {
  const Image image = noise(8, 8);
  const Image moved = warped(image, {.x0 = 3});
  EXPECT_EQ(moved.pixel(0, 4)[2], image.pixel(3, 4)[2]);
  EXPECT_EQ(moved.pixel(6, 4)[2], 128);
}

TEST(Augment, CropsAreSquaresAndRepeat) {
  const Image image = noise(90, 30);
  Rng a(5), b(5), c(6);
  const Image first = random_resized_crop(image, 0.2, 24, a), again = random_resized_crop(image, 0.2, 24, b);
  EXPECT_EQ(first.width, 24);
  EXPECT_EQ(first.height, 24);
  EXPECT_EQ(first, again);
  EXPECT_NE(random_resized_crop(image, 0.2, 24, c), first);
  EXPECT_EQ(random_resized_crop(noise(1, 400), 0.2, 8, a).width, 8);  // no ratio fits: the middle
}

TEST(Augment, RandAugmentIsSometimesNothingAndKeepsTheSize) {
  const Image image = noise(20, 12);
  int unchanged = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Rng rng(seed);
    const Image changed = rand_augment(image, {.level = 10}, rng);
    ASSERT_EQ(changed.width, 20);
    ASSERT_EQ(changed.height, 12);
    unchanged += changed == image ? 1 : 0;
  }
  EXPECT_GT(unchanged, 90);  // .55 squared: each is left out, or is the one that changes nothing
  EXPECT_LT(unchanged, 150);
}

}  // namespace
}  // namespace omma
