// The same attention by projections of the picture's rows and by products moved over to the tokens.
#include "omma/models/sam/two_way_transformer.h"

#include <gtest/gtest.h>

namespace omma::sam {
namespace {

void expect_equal(const TwoWayState& expected, const TwoWayState& got) {
  EXPECT_TRUE(torch::allclose(expected.tokens, got.tokens, 1e-4, 1e-4));
  EXPECT_TRUE(torch::allclose(expected.image.expand_as(got.image), got.image, 1e-4, 1e-4));
}

// 8 channels a head; 3 prompts of 5 tokens: fewer than 8 a picture where each has its own, more where all share one.
TEST(TwoWayTransformer, ProjectionsMovedToTheTokensChangeNothing) {
  torch::manual_seed(1);
  MaskDecoderConfig config;
  config.hidden_size = 32, config.num_attention_heads = 2, config.mlp_dim = 24;
  TwoWayTransformer transformer(config);
  for (Tensor& parameter : transformer->parameters()) parameter.set_data(torch::randn_like(parameter) / 3);
  const Tensor tokens = torch::randn({3, 5, 32}), picture = torch::randn({1, 49, 32}), positions = torch::randn({1, 49, 32});
  const auto rows_of = [&](const Tensor& image) { return TwoWayTransformerImpl::rows_of(image, positions); };
  const TwoWayState shared = transformer(tokens, rows_of(picture), positions);
  expect_equal(shared, transformer(tokens, rows_of(picture.expand({3, -1, -1})), positions));
  expect_equal(shared, transformer(tokens, transformer->projected(picture, positions), positions));
  for (int64_t i = 0; i < 3; ++i) {  // one prompt alone: moved over, or kept from before
    const TwoWayState own{.tokens = shared.tokens.narrow(0, i, 1), .image = shared.image.narrow(0, i, 1)};
    expect_equal(own, transformer(tokens.narrow(0, i, 1), rows_of(picture), positions));
    expect_equal(own, transformer(tokens.narrow(0, i, 1), transformer->projected(picture, positions), positions));
  }
  const Tensor many = torch::randn({2, 9, 32});  // projected, for each picture
  const Tensor pictures = torch::cat({picture, picture});
  expect_equal(transformer(many, transformer->projected(picture, positions), positions),
               transformer(many, rows_of(pictures), positions));
}

}  // namespace
}  // namespace omma::sam
