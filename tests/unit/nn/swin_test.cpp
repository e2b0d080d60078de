#include "omma/nn/swin.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

SwinConfig small() {
  SwinConfig config;
  config.embed_dim = 8;
  config.depths = {2, 2};
  config.num_heads = {2, 4};
  config.window_size = 4;
  config.out_indices = {1, 2};
  return config;
}

TEST(SwinBackbone, MapsOfOddPictures) {
  torch::NoGradGuard no_grad;
  SwinBackbone swin(small());
  swin->eval();
  const auto maps = swin->forward(torch::randn({2, 3, 37, 50}));
  ASSERT_EQ(maps.size(), 2U);
  EXPECT_EQ(shape(maps[0]), "[2, 8, 10, 13]");
  EXPECT_EQ(shape(maps[1]), "[2, 16, 5, 7]");
}

// A picture's maps do not depend on its neighbours in the batch, nor on the pictures before it (whose masks are kept).
TEST(SwinBackbone, PicturesAreIndependent) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  SwinBackbone swin(small());
  for (const auto& parameter : swin->parameters()) Tensor(parameter).normal_(0, 0.3);
  swin->eval();
  const Tensor pictures = torch::randn({3, 3, 40, 56});
  const Tensor together = swin->forward(pictures)[1];
  swin->forward(torch::randn({1, 3, 64, 32}));
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_TRUE(torch::allclose(swin->forward(pictures.narrow(0, i, 1))[1], together.narrow(0, i, 1), 1e-4, 1e-5));
}

// Masks and indices kept from inference serve training.
TEST(SwinBackbone, TrainsAfterInference) {
  SwinBackbone swin(small());
  const Tensor picture = torch::randn({1, 3, 32, 32});
  {
    const c10::InferenceMode inference;
    swin->forward(picture);
  }
  swin->forward(picture)[1].sum().backward();
  for (const auto& parameter : swin->named_parameters())
    EXPECT_TRUE(parameter.key().find("hidden_states_norms.stage1") != std::string::npos || parameter.value().grad().defined())
        << parameter.key();
}

TEST(SwinConfig, FaultsAreToldTogether) {
  const json object = {{"depths", {2, 2}}, {"num_heads", {3, 3, 3}}, {"hidden_act", "cosine"}, {"out_indices", {2, 5}}};
  const std::string error = testing::invalid_argument_of([&] { read_config<SwinConfig>(object, "config.json"); });
  EXPECT_NE(error.find("num_heads: expected one for each of 2 stages, got 3"), std::string::npos) << error;
  EXPECT_NE(error.find("unknown activation \"cosine\""), std::string::npos) << error;
  EXPECT_NE(error.find("expected at most 2 stages, got 5"), std::string::npos) << error;
}

}  // namespace
}  // namespace omma
