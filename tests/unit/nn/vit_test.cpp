#include "omma/nn/vit.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

VitBlockOptions small_block() {
  return {.hidden_size = 8, .intermediate_size = 24, .heads = 2, .activation = activation_by_name("quick_gelu")};
}

std::vector<std::string> parameter_names(const torch::nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& item : module.named_parameters()) names.push_back(item.key());
  return names;
}

TEST(VitBlock, ParametersHaveTheCheckpointsNames) {
  const auto has = [](const VitBlock& block, const std::string& name) { return block->named_parameters().contains(name); };
  const VitBlock blip(small_block());
  for (const char* name : {"layer_norm1", "self_attn.qkv", "self_attn.projection", "layer_norm2", "mlp.fc1", "mlp.fc2"})
    EXPECT_TRUE(has(blip, std::string(name) + ".weight") && has(blip, std::string(name) + ".bias")) << name;
  EXPECT_EQ(parameter_names(*blip).size(), 12U);

  VitBlockOptions options = small_block();
  options.names.qkv = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"};
  options.names.projection = "self_attn.out_proj";
  const VitBlock clip(options);
  for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"})
    EXPECT_TRUE(has(clip, "self_attn." + std::string(name) + ".weight"));
  EXPECT_EQ(parameter_names(*clip).size(), 16U);

  options.names.qkv.pop_back();
  EXPECT_NE(testing::invalid_argument_of([&] { VitBlock{options}; }).find("got 2"), std::string::npos);
}

// The formula, step by step, of one projection and of three with the same weights.
TEST(VitBlock, IsPreNormalisedAttentionAndPerceptron) {
  torch::manual_seed(0);
  VitBlock whole(small_block());
  VitBlockOptions options = small_block();
  options.names.qkv = {"q", "k", "v"};
  VitBlock parts(options);
  const torch::NoGradGuard no_grad;
  for (const auto& item : whole->named_parameters()) {
    if (Tensor* same = parts->named_parameters().find(item.key())) same->copy_(item.value());
    const std::string kind = item.key().substr(item.key().rfind('.'));
    if (item.key() == "self_attn.qkv" + kind)
      for (int64_t i = 0; i < 3; ++i)
        parts->named_parameters()[std::string(1, "qkv"[i]) + kind].copy_(item.value().narrow(0, 8 * i, 8));
  }
  const Tensor x = torch::randn({2, 11, 8});
  const auto weights = whole->named_parameters();
  const auto apply = [&](const Tensor& input, const std::string& name) {
    return torch::linear(input, weights[name + ".weight"], weights[name + ".bias"]);
  };
  const Tensor qkv = apply(torch::layer_norm(x, {8}), "self_attn.qkv").view({2, 11, 3, 2, 4}).permute({2, 0, 3, 1, 4});
  const Tensor attended = (qkv[0].matmul(qkv[1].transpose(2, 3)) / 2).softmax(-1).matmul(qkv[2]);  // [2, 2, 11, 4]
  const Tensor middle = x + apply(attended.transpose(1, 2).reshape({2, 11, 8}), "self_attn.projection");
  const Tensor inner = apply(torch::layer_norm(middle, {8}), "mlp.fc1");
  const Tensor expected = middle + apply(inner * (1.702 * inner).sigmoid(), "mlp.fc2");
  EXPECT_TRUE(torch::allclose(whole(x), expected, 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(parts(x), whole(x), 1e-4, 1e-5));
}

}  // namespace
}  // namespace omma
