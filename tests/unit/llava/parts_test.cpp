#include "omma/models/llava/parts.h"

#include <gtest/gtest.h>

#include "tests/unit/llava/small_llava.h"

namespace omma {
namespace {

LlavaConfig next_config() {
  LlavaConfig config = testing::small_llava_config();
  config.next = true;
  config.image_grid_pinpoints = {{16, 8}, {8, 16}, {16, 16}, {24, 8}, {8, 24}};
  return config;
}

TEST(Parts, TheGridFollowsTheShape) {
  const LlavaConfig config = next_config();
  const auto& sizes = config.image_grid_pinpoints;
  EXPECT_EQ(best_fit({100, 100}, sizes), (Size{16, 16}));
  EXPECT_EQ(best_fit({300, 100}, sizes), (Size{24, 8}));
  EXPECT_EQ(best_fit({100, 200}, sizes), (Size{8, 16}));
  EXPECT_EQ(best_fit({8, 8}, sizes), (Size{16, 8}));  // of its own size in all of them: the one with the least left over, the first
}

// Each token says where it comes from: view, row, column.
TEST(Parts, TokensAreThoseOfThePictureRowByRow) {
  const LlavaConfig config = next_config();
  const PartLayout layout = part_layout(config, {20, 10});  // 16 x 8: two parts beside each other
  EXPECT_EQ(layout.rows, 1);
  EXPECT_EQ(layout.columns, 2);
  Tensor tokens = torch::zeros({3, 4, 1});
  for (int64_t view = 0; view < 3; ++view)
    for (int64_t token = 0; token < 4; ++token) tokens[view][token][0] = 10 * view + token;
  const Tensor joined = join_parts(tokens, layout, torch::full({1}, -1));
  EXPECT_EQ(joined.size(0), layout.tokens());
  const std::vector<float> wanted = {0, 1, 2, 3, 10, 11, 20, 21, -1, 12, 13, 22, 23, -1};
  EXPECT_TRUE(joined.flatten().equal(torch::tensor(wanted)));
}

TEST(Parts, PaddingIsLeftOut) {
  const LlavaConfig config = next_config();
  const PartLayout layout = part_layout(config, {160, 20});  // 24 x 8, of which the picture fills 3 rows
  EXPECT_EQ(layout.filled, (Size{24, 3}));
  EXPECT_EQ(layout.top + layout.bottom + layout.token_rows(), layout.rows * layout.grid);
  Image image(160, 20);
  for (auto& value : image.data) value = 200;
  const std::vector<Image> parts = cut_parts(image, layout, 8, Resample::nearest, 1);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[1].pixel(3, 0)[0], 0);
  EXPECT_EQ(parts[1].pixel(3, 3)[0], 200);
  EXPECT_EQ(parts[1].pixel(3, 7)[0], 0);
}

TEST(Processor, PadsWithTheMeanColour) {
  Image image(4, 2);
  for (auto& value : image.data) value = 9;
  const Image square = padded_to_square(image, cropping_image_processor(8));
  EXPECT_EQ(square.height, 4);
  EXPECT_EQ(square.pixel(0, 0)[0], 122);
  EXPECT_EQ(square.pixel(0, 0)[1], 116);
  EXPECT_EQ(square.pixel(0, 0)[2], 104);
  EXPECT_EQ(square.pixel(3, 1)[0], 9);
  EXPECT_EQ(square.pixel(3, 2)[0], 9);
  EXPECT_EQ(square.pixel(3, 3)[0], 122);
}

TEST(Processor, PartsNeedAModelThatLearnedThem) {
  EXPECT_THROW(LlavaProcessor(testing::small_llava_config(), cropping_image_processor(8), ImageAspect::anyres),
               std::invalid_argument);
  EXPECT_THROW(LlavaProcessor(testing::small_llava_config(), cropping_image_processor(9), ImageAspect::crop),
               std::invalid_argument);
  EXPECT_THROW(image_aspect_by_name("squeeze"), std::invalid_argument);
}

}  // namespace
}  // namespace omma
