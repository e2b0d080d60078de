// `omma convert` on adapters: found bases, named ones, refusals.
#include <gtest/gtest.h>

#include "omma/io/tensor_file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_program;

class ConvertAdapter : public ::testing::Test {
 protected:
  // PEFT's directory of one adapter of the planner's first query.
  std::string adapter(const std::string& base) {
    const fs::path place = directory_ / "adapter";
    fs::create_directories(place);
    write_file(place / "adapter_config.json",
               json{{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 4}, {"base_model_name_or_path", base}}.dump());
    const std::vector<float> values(256, .1F);
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float));
    const std::string layer = "base_model.model.model.layers.0.self_attn.q_proj";
    const std::vector<TensorView> tensors = {{layer + ".lora_A.weight", DType::f32, {2, 128}, bytes},
                                             {layer + ".lora_B.weight", DType::f32, {128, 2}, bytes}};
    write_safetensors(place / "adapter_model.safetensors", tensors);
    return place.string();
  }
  std::string path(const char* name) const { return (directory_ / name).string(); }

  testing::TemporaryDirectory directory_;
};

TEST_F(ConvertAdapter, IntoTheBaseThatItNames) {
  const auto run = run_program({"convert", "--from", adapter("planner-nano"), "--to", path("merged"), "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.lines().at(0)["model_type"], "llama");
  const TensorFile base = read_weights("zoo/planner-nano"), merged = read_weights(directory_ / "merged");
  ASSERT_EQ(base.tensors().size(), merged.tensors().size());
  int changed = 0;
  for (const TensorView& view : base.tensors()) changed += std::ranges::equal(view.bytes, merged.find(view.name)->bytes) ? 0 : 1;
  EXPECT_EQ(changed, 1);
  EXPECT_TRUE(fs::exists(directory_ / "merged/tokenizer.json"));
}

TEST_F(ConvertAdapter, IntoAnother) {
  const std::string from = adapter("nobody/nothing");
  const auto absent = run_program({"convert", "--from", from, "--to", path("merged")});
  EXPECT_EQ(absent.status, 2);
  EXPECT_NE(absent.err.find("hf download nobody/nothing"), std::string::npos) << absent.err;
  EXPECT_FALSE(fs::exists(directory_ / "merged"));
  EXPECT_EQ(run_program({"convert", "--from", from, "--to", path("merged"), "--merge", "--base", "zoo/planner-nano"}).status, 0);
}

TEST_F(ConvertAdapter, Refusals) {
  const std::string from = adapter("");
  const auto refused = [&](const std::vector<std::string>& arguments, const char* message) {
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 2);
    EXPECT_NE(run.err.find(message), std::string::npos) << run.err;
    EXPECT_FALSE(fs::exists(directory_ / "out"));
  };
  refused({"convert", "--from", from, "--to", path("out")}, "tells no base_model_name_or_path");
  refused({"convert", "--from", from, "--to", path("out"), "--base", "zoo/blip-nano-caption"},
          "the base has no \"model.layers.0.self_attn.q_proj.weight\"");
  refused({"convert", "--from", "zoo/planner-nano", "--to", path("out"), "--merge"}, "no adapter");
  refused({"convert", "--from", from, "--to", path("adapter/out"), "--base", "zoo/planner-nano"}, "");
  refused({"caption", "zoo/planner-nano/config.json", "--model", from},
          "an adapter: put it into its model with: omma convert --from");
}

}  // namespace
}  // namespace omma
