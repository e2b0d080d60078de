#include "omma/train/initial_weights.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>

#include "omma/base/log.h"
#include "omma/nn/weights.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

// A batch norm's statistics are a part of what was learned.
TEST(InitialWeights, BuffersComeAlong) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory directory;
  const auto make = [] {
    auto module = std::make_shared<torch::nn::Module>();
    module->register_module("norm", torch::nn::BatchNorm2d(3));
    module->register_module("head", torch::nn::Linear(3, 2));
    return module;
  };
  const auto from = make(), to = make();
  from->named_buffers()["norm.running_mean"].fill_(4);
  from->named_buffers()["norm.num_batches_tracked"].fill_(9);
  save_weights(directory / "from.safetensors", *from);
  const InitialWeights count = load_matching_weights(*to, directory / "from.safetensors");
  EXPECT_EQ(count.copied, 7);
  EXPECT_EQ(count.wanted, 7);
  for (const auto& item : from->named_buffers())
    EXPECT_TRUE(torch::equal(item.value(), to->named_buffers()[item.key()])) << item.key();

  to->register_module("other", torch::nn::Linear(1, 1));
  EXPECT_EQ(load_matching_weights(*to, directory / "from.safetensors").wanted, 9);
}

}  // namespace
}  // namespace omma
