// Positions of an encoder in the shape of another's.
#include "omma/models/sam/image_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace omma::sam {
namespace {

TEST(ResizedPositions, AbsoluteOnesKeepWhereAPlaceIs) {
  // Each place's channels are its row and its column in the picture, 0 to 1: equal on every grid but at the border, as nearly as
  // LibTorch's cubic curve follows a line.
  const auto places = [](int64_t height, int64_t width) {
    const auto middles = [](int64_t size) { return (torch::arange(size) + 0.5) / size; };
    return torch::stack({middles(height).view({-1, 1}).expand({-1, width}), middles(width).view({1, -1}).expand({height, -1})}, 2)
        .unsqueeze(0);  // [1, H, W, 2]
  };
  const Tensor resized = resized_positions("vision_encoder.pos_embed", places(8, 12), {1, 16, 36, 2});
  ASSERT_EQ(resized.sizes(), (torch::IntArrayRef{1, 16, 36, 2}));
  const auto inner = [](const Tensor& x) { return x.slice(1, 4, 12).slice(2, 6, 30); };
  EXPECT_TRUE(torch::allclose(inner(resized), inner(places(16, 36)), 0, 0.01));
}

TEST(ResizedPositions, RelativeOnesAreDrawnOutAlongTheirAxis) {
  const Tensor rows = torch::stack({torch::arange(3), 10 * torch::arange(3)}, 1).to(torch::kFloat32);  // a window of 2
  const Tensor resized = resized_positions("layers.0.attn.rel_pos_h", rows, {7, 2});                   // a window of 4
  ASSERT_EQ(resized.sizes(), (torch::IntArrayRef{7, 2}));
  for (int64_t i = 0; i < 7; ++i) {
    const double place = std::clamp((static_cast<double>(i) + 0.5) * 3 / 7 - 0.5, 0.0, 2.0);
    EXPECT_NEAR(resized[i][0].item<double>(), place, 1e-6);
    EXPECT_NEAR(resized[i][1].item<double>(), 10 * place, 1e-5);
  }
}

TEST(ResizedPositions, NothingElseIsResized) {
  EXPECT_FALSE(resized_positions("pos_embed", torch::zeros({1, 4, 4, 8}), {1, 8, 8, 16}).defined());  // another width
  EXPECT_FALSE(resized_positions("rel_pos_w", torch::zeros({3, 8}), {7, 4}).defined());
  EXPECT_FALSE(resized_positions("layers.0.mlp.lin1.weight", torch::zeros({3, 8}), {7, 8}).defined());
}

}  // namespace
}  // namespace omma::sam
