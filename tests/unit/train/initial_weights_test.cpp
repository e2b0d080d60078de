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

TEST(InitialWeights, AModelMakesFitWhatItKnowsAndRefusesWholeNumbers) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory directory;
  const auto make = [](const torch::Tensor& wide, const torch::Tensor& tall) {
    auto module = std::make_shared<torch::nn::Module>();
    module->register_parameter("wide", wide, wide.is_floating_point());
    module->register_parameter("tall", tall, tall.is_floating_point());
    return module;
  };
  save_weights(directory / "from.safetensors", *make(torch::ones({2}), torch::ones({3, 1})));
  const auto to = make(torch::zeros({4}), torch::zeros({5, 1}));
  const FitWeight fit = [](const std::string& name, const torch::Tensor& theirs, torch::IntArrayRef shape) {
    return name == "wide" ? theirs.repeat({shape[0] / theirs.size(0)}) : torch::Tensor();
  };
  const InitialWeights count = load_matching_weights(*to, directory / "from.safetensors", fit);
  EXPECT_EQ(count.copied, 1);
  EXPECT_EQ(count.wanted, 2);
  EXPECT_EQ(to->named_parameters()["wide"].sum().item<float>(), 4);
  EXPECT_EQ(to->named_parameters()["tall"].sum().item<float>(), 0);

  const auto refusal_of = [&](const torch::Tensor& tall) {
    save_weights(directory / "bytes.safetensors", *make(torch::ones({4}), tall));
    return testing::invalid_argument_of([&] { load_matching_weights(*to, directory / "bytes.safetensors"); });
  };
  EXPECT_TRUE(
      refusal_of(torch::ones({5, 1}, torch::kInt8)).ends_with("tall: expected F32, got I8: 8-bit numbers start no training"));
  EXPECT_TRUE(refusal_of(torch::ones({5, 1}, torch::kInt64)).ends_with("tall: expected F32, got I64"));
  EXPECT_NE(refusal_of(torch::ones({2, 2}, torch::kInt8)), "");   // of whatever shape
  EXPECT_EQ(refusal_of(torch::ones({2, 2}, torch::kInt64)), "");  // of another shape it is none of ours
}

TEST(InitialWeights, WhatIsMadeToFitHasToFit) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory directory;
  const auto make = [](int64_t size) {
    auto module = std::make_shared<torch::nn::Module>();
    module->register_parameter("one", torch::ones({size}));
    return module;
  };
  save_weights(directory / "from.safetensors", *make(1));
  const FitWeight as_it_is = [](const std::string&, const torch::Tensor& theirs, torch::IntArrayRef) { return theirs; };
  const std::string message = testing::invalid_argument_of([&] {
    load_matching_weights(*make(3), directory / "from.safetensors", as_it_is);  // which would fill all three
  });
  EXPECT_TRUE(message.ends_with("one: expected to be made [3], got [1]")) << message;
}

}  // namespace
}  // namespace omma
