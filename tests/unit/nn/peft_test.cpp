// PEFT's files: what is written is read back, what others write is merged as its formula says, what is wrong is told.
#include "omma/nn/peft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "omma/base/file.h"
#include "omma/nn/layers.h"
#include "omma/nn/linear.h"
#include "omma/nn/weights.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

using Tensors = std::map<std::string, Tensor>;

void write_tensors(const fs::path& file, const Tensors& tensors) {
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : tensors) views.push_back(view_of(tensor, name));
  write_safetensors(file, views);
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(torch::kFloat32) - b.to(torch::kFloat32)).abs().max().item<double>();
}

class Peft : public ::testing::Test {
 protected:
  // As PEFT 0.21 writes it for LoraConfig(r=2, lora_alpha=6, target_modules=["q", "v"]), defaults among it.
  static json config() {
    return json::parse(R"({"alora_invocation_tokens": null, "alpha_pattern": {}, "arrow_config": null,
      "auto_mapping": {"base_model_class": "M", "parent_library": "m"}, "base_model_name_or_path": "some/base", "bias": "none",
      "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true, "layer_replication": null, "loftq_config": {},
      "lora_alpha": 6, "lora_bias": false, "lora_dropout": 0.0, "modules_to_save": null, "peft_type": "LORA", "r": 2,
      "rank_pattern": {}, "target_modules": ["q", "v"], "target_parameters": null, "task_type": null,
      "trainable_token_indices": null, "use_dora": false, "use_rslora": false})");
  }

  Peft() {
    torch::manual_seed(11);
    base_ = {{"a.q.weight", torch::randn({5, 4})},
             {"a.v.weight", torch::randn({3, 4}).to(torch::kHalf)},
             {"a.q.bias", torch::randn({5})},
             {"count", torch::tensor({3})}};
    adapter_ = {{"base_model.model.a.q.lora_A.weight", torch::randn({2, 4})},
                {"base_model.model.a.q.lora_B.weight", torch::randn({5, 2})},
                {"base_model.model.a.v.lora_A.weight", torch::randn({2, 4})},
                {"base_model.model.a.v.lora_B.weight", torch::randn({3, 2})}};
  }

  TensorFile merged(const json& config) {
    const fs::path place = directory_ / "adapter";
    fs::create_directories(place);
    write_file(place / "adapter_config.json", config.dump());
    write_tensors(place / "adapter_model.safetensors", adapter_);
    write_tensors(directory_ / "base.safetensors", base_);
    return merge_adapter(read_safetensors(directory_ / "base.safetensors"), read_adapter(place));
  }
  Tensor merged(const json& config, const std::string& name) { return to_tensor(*merged(config).find(name)); }
  std::string refusal(const json& config) {
    return testing::invalid_argument_of([&] { merged(config); });
  }
  Tensor product(const std::string& layer) {
    return adapter_.at("base_model.model." + layer + ".lora_B.weight")
        .matmul(adapter_.at("base_model.model." + layer + ".lora_A.weight"));
  }

  Tensors base_, adapter_;
  testing::TemporaryDirectory directory_;
};

TEST_F(Peft, MergesByItsFormula) {
  EXPECT_LT(largest_difference(merged(config(), "a.q.weight"), base_["a.q.weight"] + 3 * product("a.q")), 1e-6);
  const Tensor half = merged(config(), "a.v.weight");
  EXPECT_EQ(half.scalar_type(), torch::kHalf);
  EXPECT_TRUE(torch::equal(half, (base_["a.v.weight"].to(torch::kFloat32) + 3 * product("a.v")).to(torch::kHalf)));
  EXPECT_TRUE(torch::equal(merged(config(), "a.q.bias"), base_["a.q.bias"]));
  EXPECT_TRUE(torch::equal(merged(config(), "count"), base_["count"]));
  EXPECT_EQ(merged(config()).tensors().size(), 4U);
}

TEST_F(Peft, ScalesByTheRankOfEachLayer) {
  json changed = config();
  changed["use_rslora"] = true;
  EXPECT_LT(largest_difference(merged(changed, "a.q.weight"), base_["a.q.weight"] + 6 / std::sqrt(2.) * product("a.q")), 1e-6);
  adapter_["base_model.model.a.q.lora_A.weight"] = torch::randn({3, 4});
  adapter_["base_model.model.a.q.lora_B.weight"] = torch::randn({5, 3});
  EXPECT_NE(refusal(config()).find("lora_A.weight\": expected rank 2 (adapter_config.json: r), got [3, 4]"), std::string::npos);
  changed = config();
  changed["rank_pattern"] = {{"q", 3}};
  EXPECT_LT(largest_difference(merged(changed, "a.q.weight"), base_["a.q.weight"] + 2 * product("a.q")), 1e-6);
}

TEST_F(Peft, WholeWeightsReplaceTheBases) {
  adapter_["base_model.model.a.q.bias"] = torch::randn({5});
  EXPECT_TRUE(torch::equal(merged(config(), "a.q.bias"), adapter_["base_model.model.a.q.bias"]));
}

TEST_F(Peft, WhatFitsNothingIsToldTogether) {
  adapter_["base_model.model.b.q.lora_A.weight"] = torch::randn({2, 4});
  adapter_["base_model.model.b.q.lora_B.weight"] = torch::randn({5, 2});
  adapter_["base_model.model.a.v.lora_B.weight"] = torch::randn({4, 2});
  adapter_.erase("base_model.model.a.q.lora_B.weight");
  adapter_["base_model.model.a.q.lora_magnitude_vector"] = torch::randn({5});
  const std::string message = refusal(config());
  for (const char* part : {"\"base_model.model.b.q.lora_A.weight\": the base has no \"b.q.weight\"",
                           "\"base_model.model.a.v.lora_A.weight\" [2, 4] does not fit the base's [3, 4]",
                           "\"base_model.model.a.q.lora_A.weight\": expected lora_A and lora_B, got one", "lora_magnitude_vector"})
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
}

TEST_F(Peft, ABaseOf8BitNumbersIsRefused) {
  base_["a.q.weight"] = torch::randint(-127, 127, {5, 4}, torch::kInt8);
  EXPECT_NE(
      refusal(config()).find("the base's \"a.q.weight\" is of 8-bit numbers: merge the adapter into the model that it was made of"),
      std::string::npos);
}

TEST_F(Peft, OtherKindsAreRefusedByName) {
  const std::vector<std::pair<const char*, json>> kinds = {{"use_dora", true},
                                                           {"alpha_pattern", {{"q", 4}}},
                                                           {"fan_in_fan_out", true},
                                                           {"layer_replication", {{0, 4}}},
                                                           {"trainable_token_indices", {1, 2}},
                                                           {"init_lora_weights", "pissa"},
                                                           {"peft_type", "IA3"}};
  for (const auto& [name, value] : kinds) {
    json changed = config();
    changed[name] = value;
    EXPECT_NE(refusal(changed).find(name), std::string::npos) << name << ": " << refusal(changed);
  }
  json changed = config();
  changed["r"] = 0;
  EXPECT_NE(refusal(changed).find("r: expected"), std::string::npos) << refusal(changed);
  adapter_["base_model.model.a.q.lora_A.weight"][0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(refusal(config()).find("lora_A"), std::string::npos) << refusal(config());
}

TEST_F(Peft, AMergedValueBeyondTheTypeIsRefused) {
  adapter_["base_model.model.a.v.lora_B.weight"] = torch::full({3, 2}, 1e6F);
  EXPECT_NE(refusal(config()).find("merged"), std::string::npos) << refusal(config());
}

TEST_F(Peft, ReadsABinThatIsNone) {
  fs::create_directories(directory_ / "adapter");
  write_file(directory_ / "adapter/adapter_config.json", config().dump());
  EXPECT_NE(testing::invalid_argument_of([&] {
              read_adapter(directory_ / "adapter");
            }).find("expected adapter_model.safetensors or adapter_model.bin, found none"),
            std::string::npos);
}

// Written by save_adapter and merged into the base's file: the same as the model that learned, merged.
TEST_F(Peft, WhatIsWrittenIsReadBack) {
  const auto model = std::make_shared<torch::nn::Module>();
  register_at(*model, "block.0.q", Linear(4, 5));
  register_at(*model, "block.1.q", Linear(4, 5));
  const Linear head = register_at(*model, "head", Linear(5, 2));
  save_weights(directory_ / "base.safetensors", *model);
  const LoraConfig lora{
      .rank = 2, .alpha = 5, .dropout = 0.1, .targets = {"block.*.q"}, .modules_to_save = {"head"}, .use_rslora = true};
  add_lora(*model, lora);
  {
    const torch::NoGradGuard no_grad;
    for (const Tensor& parameter : model->parameters())
      if (parameter.requires_grad()) Tensor(parameter).normal_();
  }
  save_adapter(directory_ / "adapter", *model, lora, "zoo/some");
  const json written = read_json(directory_ / "adapter/adapter_config.json");
  EXPECT_EQ(written["peft_type"], "LORA");
  EXPECT_EQ(written["base_model_name_or_path"], "zoo/some");
  EXPECT_EQ(written["target_modules"], (json{"block.0.q", "block.1.q"}));
  EXPECT_EQ(written["modules_to_save"], json::array({"head"}));
  std::vector<std::string> names;
  const TensorFile file = read_safetensors(directory_ / "adapter/adapter_model.safetensors");
  for (const TensorView& view : file.tensors()) names.push_back(view.name);
  EXPECT_EQ(names, (std::vector<std::string>{"base_model.model.block.0.q.lora_A.weight", "base_model.model.block.0.q.lora_B.weight",
                                             "base_model.model.block.1.q.lora_A.weight", "base_model.model.block.1.q.lora_B.weight",
                                             "base_model.model.head.bias", "base_model.model.head.weight"}));
  EXPECT_TRUE(is_adapter_directory(directory_ / "adapter"));
  const TensorFile merged = merge_adapter(read_safetensors(directory_ / "base.safetensors"), read_adapter(directory_ / "adapter"));
  save_weights(directory_ / "merged.safetensors", *model);
  const TensorFile expected = read_safetensors(directory_ / "merged.safetensors");
  ASSERT_EQ(merged.tensors().size(), expected.tensors().size());
  for (const TensorView& view : expected.tensors())
    EXPECT_LT(largest_difference(to_tensor(*merged.find(view.name)), to_tensor(view)), 1e-6) << view.name;
}

}  // namespace
}  // namespace omma
