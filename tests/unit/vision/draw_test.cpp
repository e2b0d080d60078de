#include "omma/vision/draw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "omma/base/log.h"

namespace omma {
namespace {

Image gray(int width, int height) {
  Image image(width, height);
  std::fill(image.data.begin(), image.data.end(), std::uint8_t{128});
  return image;
}

bool is_gray(const Image& image, int x, int y) {
  const std::uint8_t* p = image.pixel(x, y);
  return p[0] == 128 && p[1] == 128 && p[2] == 128;
}

// The tightest box around what was drawn.
Box drawn_box(const Image& image) {
  Mask changed(image.width, image.height);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) changed.at(x, y) = is_gray(image, x, y) ? 0 : 1;
  return bounding_box(changed);
}

Color pixel(const Image& image, int x, int y) {
  const std::uint8_t* p = image.pixel(x, y);
  return {p[0], p[1], p[2]};
}

TEST(DrawBoxes, DrawsTheLineInsideTheBoxAndNothingElse) {
  Image image = gray(100, 80);
  draw_boxes(image, std::vector<LabelledBox>{{.box = {20, 30, 70, 60}, .label = "", .score = 0.5F, .color = 1}});
  EXPECT_EQ(pixel(image, 45, 30), palette_color(1));
  EXPECT_EQ(pixel(image, 20, 45), palette_color(1));
  EXPECT_EQ(pixel(image, 69, 45), palette_color(1));
  EXPECT_EQ(pixel(image, 45, 59), palette_color(1));
  EXPECT_EQ(drawn_box(image), (Box{19, 29, 71, 61}));  // with the seam
  for (int y = 35; y < 55; ++y)
    for (int x = 25; x < 65; ++x) ASSERT_TRUE(is_gray(image, x, y));
}

TEST(DrawBoxes, LabelStandsAboveItsBox) {
  Image image = gray(200, 100);
  draw_boxes(image, std::vector<LabelledBox>{{.box = {20, 50, 120, 90}, .label = "a cat", .score = 0.9F, .color = 0}});
  const Box drawn = drawn_box(image);
  EXPECT_LT(drawn.y0, 45);
  EXPECT_GT(drawn.y0, 25);
  EXPECT_EQ(drawn.y1, 91);
  EXPECT_EQ(pixel(image, 21, static_cast<int>(drawn.y0) + 1), palette_color(0));
}

TEST(DrawBoxes, LabelsStayInsideThePictureAndOffEachOther) {
  const auto label_area = [](std::span<const LabelledBox> boxes) {
    Image image = gray(160, 120);
    draw_boxes(image, boxes);
    int pixels = 0;
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x) pixels += pixel(image, x, y) == palette_color(3) ? 1 : 0;
    return pixels;
  };
  const LabelledBox one{.box = {90, 2, 159, 119}, .label = "wide label", .score = 0.9F, .color = 3};
  const LabelledBox same{.box = {90, 2, 159, 119}, .label = "wide label", .score = 0.8F, .color = 3};
  const int single = label_area(std::vector{one});
  EXPECT_GT(single, 500);
  EXPECT_GT(label_area(std::vector{one, same}), single + 500);  // the second is visible, too
}

TEST(DrawBoxes, LongAndHostileLabelsAreCut) {
  Image image = gray(96, 64);
  draw_boxes(image, std::vector<LabelledBox>{{.box = {10, 20, 80, 60}, .label = std::string(100'000, 'W'), .score = 0.5F},
                                             {.box = {1, 1, 90, 60}, .label = "\xFF\xFE\x01\u202E\U0001F642\n", .score = {}}});
  EXPECT_FALSE(drawn_box(image) == Box{});
}

TEST(DrawBoxes, BoxesOutsideOrNotANumberAreLeftOut) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  Image image = gray(50, 40);
  draw_boxes(image, std::vector<LabelledBox>{{.box = {60, 10, 90, 20}, .label = "a", .score = 1.F},
                                             {.box = {30, 30, 10, 10}, .label = "b", .score = 1.F},
                                             {.box = {nan, 0, 10, 10}, .label = "c", .score = 1.F},
                                             {.box = {0, nan, 10, 10}, .label = "d", .score = 1.F}});
  EXPECT_EQ(image, gray(50, 40));
  draw_boxes(image, std::vector<LabelledBox>{{.box = {-inf, -1e30F, inf, 1e30F}, .label = "", .score = nan, .color = 2}});
  EXPECT_EQ(pixel(image, 25, 0), palette_color(2));
}

TEST(DrawBoxes, TinyPicturesAreNoProblem) {
  for (int side = 0; side < 12; ++side) {
    Image image = gray(side, side);
    const auto edge = static_cast<float>(side);
    draw_boxes(image, std::vector<LabelledBox>{{.box = {0, 0, edge, edge}, .label = "label", .score = 0.5F}});
  }
}

TEST(DrawBoxes, WithoutAFontThereAreBoxesAndOneWarning) {
  std::vector<std::string> warnings;
  set_log_sink([&](LogLevel level, std::string_view message) {
    if (level == LogLevel::warning) warnings.emplace_back(message);
  });
  ::setenv("OMMA_FONT", "/no/such/font.ttf", 1);
  LabelledBox box{.box = {20, 50, 120, 90}, .label = "a cat", .score = 0.9F, .color = 0};
  Image labelled = gray(200, 100), plain = gray(200, 100);
  draw_boxes(labelled, std::vector{box});
  draw_boxes(labelled, std::vector{box});
  ::unsetenv("OMMA_FONT");
  set_log_sink(nullptr);
  box.label = "";
  draw_boxes(plain, std::vector{box});
  draw_boxes(plain, std::vector{box});
  EXPECT_EQ(labelled, plain);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("no font found"), std::string::npos) << warnings[0];
}

TEST(Overlay, SmallPicturesAreEnlargedByAWholeFactor) {
  const std::vector<LabelledBox> boxes = {{.box = {20, 30, 70, 60}, .label = "", .score = 0.5F, .color = 1}};
  const Image small = overlay_of(gray(100, 80), boxes);
  EXPECT_EQ(small.width, 600);
  EXPECT_EQ(small.height, 480);
  EXPECT_EQ(drawn_box(small), (Box{119, 179, 421, 361}));
  EXPECT_EQ(overlay_of(gray(640, 480), boxes).width, 640);
  EXPECT_EQ(overlay_of(gray(1, 3000), boxes).height, 3000);  // the longer side bounds it
  EXPECT_EQ(overlay_of(gray(1, 1), {}).width, 480);
  EXPECT_THROW(overlay_of(Image(), boxes), std::invalid_argument);
}

TEST(DrawMask, TintsTheMaskAndOutlinesIt) {
  Image image = gray(30, 30);
  Mask mask(30, 30);
  for (int y = 10; y < 20; ++y)
    for (int x = 5; x < 25; ++x) mask.at(x, y) = 1;
  draw_mask(image, mask, 1);
  EXPECT_EQ(drawn_box(image), (Box{5, 10, 25, 20}));
  EXPECT_EQ(pixel(image, 5, 10), palette_color(1));
  EXPECT_FALSE(pixel(image, 15, 15) == palette_color(1));
  EXPECT_THROW(draw_mask(image, Mask(3, 3), 0), std::invalid_argument);
}

TEST(Palette, IsDistinctAndWrapsAround) {
  std::set<std::tuple<int, int, int>> colors;
  for (int i = 0; i < 12; ++i) colors.insert({palette_color(i).red, palette_color(i).green, palette_color(i).blue});
  EXPECT_EQ(colors.size(), 12U);
  EXPECT_EQ(palette_color(12), palette_color(0));
  EXPECT_EQ(palette_color(-1), palette_color(11));
}

}  // namespace
}  // namespace omma
