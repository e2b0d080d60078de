#include "omma/train/frozen.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>

namespace omma {
namespace {

void freeze(torch::nn::Module& module) {
  for (torch::Tensor& parameter : module.parameters()) parameter.set_requires_grad(false);
}

TEST(Frozen, PartsThatDoNotLearnAreAsInUse) {
  torch::nn::Module root;
  const auto encoder = root.register_module("encoder", std::make_shared<torch::nn::Module>());
  const auto norm = encoder->register_module("norm", torch::nn::BatchNorm2d(3));
  const auto layer = encoder->register_module("layer", torch::nn::Linear(2, 2));
  const auto plain = root.register_module("plain", std::make_shared<torch::nn::Module>());
  train_what_learns(root);
  EXPECT_TRUE(encoder->is_training() && norm->is_training());

  freeze(*norm);
  EXPECT_TRUE(is_frozen(*norm));
  EXPECT_FALSE(is_frozen(*encoder));
  EXPECT_FALSE(is_frozen(*plain));  // it has no parameters
  train_what_learns(root);
  EXPECT_FALSE(norm->is_training());
  EXPECT_TRUE(encoder->is_training() && layer->is_training() && plain->is_training());
  norm->as<torch::nn::BatchNorm2d>()->forward(torch::randn({2, 3, 4, 4}) + 5);
  EXPECT_TRUE(torch::equal(norm->running_mean, torch::zeros({3})));

  freeze(*encoder);
  train_what_learns(root);
  EXPECT_FALSE(encoder->is_training());
  EXPECT_TRUE(root.is_training());
}

}  // namespace
}  // namespace omma
