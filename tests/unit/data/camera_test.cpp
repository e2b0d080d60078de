#include "omma/data/world/camera.h"

#include <gtest/gtest.h>

#include <cmath>

namespace omma {
namespace {

Image even(int width, int height, std::uint8_t level) {
  Image image(width, height);
  std::ranges::fill(image.data, level);
  return image;
}

// A white point on black.
Image point(int side) {
  Image image = even(side, side, 0);
  std::fill_n(image.pixel(side / 2, side / 2), 3, std::uint8_t{255});
  return image;
}

Image seen(const Camera& camera, const Image& image) {
  Rng rng(1);
  return seen_by(camera, image, rng);
}

TEST(Camera, ThePlainOneChangesNothing) {
  const Image image = point(33);
  EXPECT_EQ(seen({}, image), image);
}

// The blur of a step is the integral of its kernel: its slope's variance is the one asked for, at every size of the canvas.
TEST(Camera, BlurHasTheDeviationThatIsAskedFor) {
  for (const int side : {128, 256}) {
    Image step = even(side, side, 0);
    for (int y = 0; y < side; ++y)
      for (int x = side / 2; x < side; ++x) std::fill_n(step.pixel(x, y), 3, std::uint8_t{255});
    for (const double deviation : {.4, .8, 1.2}) {
      const Image image = seen({.blur = deviation}, step);
      double sum = 0, squares = 0;
      for (int x = 1; x < side; ++x) {
        const double slope = image.pixel(x, side / 2)[0] - image.pixel(x - 1, side / 2)[0], at = x - side / 2;
        sum += slope;
        squares += slope * at * at;
      }
      EXPECT_NEAR(std::sqrt(squares / sum), deviation * side / 128, .1 * side / 128) << side;
      EXPECT_EQ(image.pixel(3, 3)[0], 0);
      EXPECT_EQ(image.pixel(side - 3, 3)[0], 255);
    }
  }
}

TEST(Camera, LightIsContrastThenBrightnessThenBalance) {
  const Image image = seen({.contrast = .5, .brightness = 1.2, .gain = {1, .9, 1.1}}, even(4, 3, 28));  // 78, 93.6
  EXPECT_EQ(image.pixel(1, 1)[0], 94);
  EXPECT_EQ(image.pixel(1, 1)[1], 84);
  EXPECT_EQ(image.pixel(1, 1)[2], 103);
  EXPECT_EQ(seen({.brightness = 2}, even(4, 3, 200)).pixel(0, 0)[0], 255);
}

TEST(Camera, NoiseHasItsDeviationAndNoMean) {
  const Image image = seen({.noise = 8}, even(200, 100, 128));
  double sum = 0, squares = 0;
  for (const std::uint8_t value : image.data) {
    sum += value - 128.0;
    squares += (value - 128.0) * (value - 128.0);
  }
  const auto count = static_cast<double>(image.data.size());
  EXPECT_NEAR(sum / count, 0, .3);
  EXPECT_NEAR(std::sqrt(squares / count), 8, .5);
}

TEST(Camera, CompressionAndResamplingKeepTheSize) {
  for (const Camera& camera : {Camera{.jpeg_quality = 30}, Camera{.resampled = .5}, Camera{.resampled = 2.2}}) {
    const Image image = seen(camera, point(33));
    EXPECT_EQ(image.width, 33);
    EXPECT_EQ(image.height, 33);
    EXPECT_NE(image, point(33));
  }
}

TEST(Camera, SharpeningAddsContrastAtEdges) {
  Image soft = seen({.blur = .8}, point(31));
  EXPECT_GT(seen({.sharpness = 3}, soft).pixel(15, 15)[0], soft.pixel(15, 15)[0]);
}

}  // namespace
}  // namespace omma
