// SAM from a model that is there: adapters, a frozen encoder, the decoder alone.
#include <gtest/gtest.h>

#include <functional>

#include "omma/base/log.h"
#include "omma/models/merge.h"
#include "omma/models/registry.h"
#include "omma/nn/peft.h"
#include "omma/nn/tensor.h"
#include "omma/recipes/run_recipe.h"
#include "omma/recipes/stages.h"
#include "tests/temporary_directory.h"
#include "tests/unit/recipes/small_sam.h"

namespace omma::sam {
namespace {
namespace fs = std::filesystem;

TensorFile weights_in(const fs::path& run) { return read_weights(run / "model"); }

bool same(const TensorFile& a, const TensorFile& b, const std::string& name) {
  return std::ranges::equal(a.find(name)->bytes, b.find(name)->bytes);
}

class SamFineTuning : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    set_log_sink(nullptr);
    directory_ = std::make_unique<testing::TemporaryDirectory>();
    train(small_sam_recipe({{"steps", 2}, {"validation_pictures", 2}}), "base");
    json mobile = small_sam_recipe({{"steps", 2}, {"validation_pictures", 2}});
    mobile["model"]["vision_config"] = {{"model_type", "tiny_vit"},        {"image_size", 64},
                                        {"embed_dims", {8, 16, 24, 32}},   {"depths", {1, 1, 2, 1}},
                                        {"num_heads", {1, 2, 2, 4}},       {"window_sizes", {4, 4, 4, 4}},
                                        {"downsample_strides", {2, 1, 1}}, {"output_channels", 32}};
    train(mobile, "mobile");
  }
  static void TearDownTestSuite() { directory_.reset(); }

  static fs::path place(const std::string& run) { return directory_->path() / run; }

  static TrainingOutcome train(const json& recipe, const std::string& run, bool resume = false, std::optional<int64_t> stop = {}) {
    return run_recipe(recipe, "recipe", {.out = place(run), .resume = resume, .stop_after = stop});
  }

  // Six steps from a model, which says what the model is.
  static json recipe(const json& changes, const std::string& base = "base") {
    json object =
        small_sam_recipe({{"steps", 6}, {"validation_pictures", 2}, {"initial_weights", {(place(base) / "model").string()}}});
    object.erase("model");
    object.update(changes);
    return object;
  }
  static json lora(const json& changes = json::object()) {
    json object = {{"rank", 2}, {"alpha", 8}, {"targets", {"attn.qkv", "attn.proj"}}};
    object.update(changes);
    return {{"lora", object}, {"learning_rate", 0.02}};
  }
  static std::string refusal(const json& recipe) {
    return testing::invalid_argument_of([&] { train(recipe, "refused"); });
  }

  static std::unique_ptr<testing::TemporaryDirectory> directory_;
};
std::unique_ptr<testing::TemporaryDirectory> SamFineTuning::directory_;

void expect_segments(const fs::path& model) {
  const auto segmenter = load_segmenter(model);
  const SegmentationPrompt prompt{.points = {{30, 30}}, .box = {}, .mask = {}};
  EXPECT_EQ(segmenter->segment(Image(90, 60), {&prompt, 1}).objects.at(0).at(0).mask.width, 90);
}

TEST_F(SamFineTuning, AdaptersLearnOnWeightsThatStay) {
  train(recipe(lora()), "merged");
  const TensorFile base = weights_in(place("base")), merged = weights_in(place("merged"));
  ASSERT_EQ(base.tensors().size(), merged.tensors().size());
  for (const TensorView& view : base.tensors()) {
    const bool is_target = view.name.ends_with("attn.qkv.weight") || view.name.ends_with("attn.proj.weight");
    EXPECT_EQ(same(base, merged, view.name), !is_target) << view.name;
  }
  expect_segments(place("merged") / "model");
}

TEST_F(SamFineTuning, AdaptersApartAreTheSameModel) {
  train(recipe(lora()), "together");
  train(recipe(lora({{"save", "adapter"}})), "apart");
  const json config = read_json(place("apart") / "model/adapter_config.json");
  EXPECT_EQ(config["base_model_name_or_path"], (place("base") / "model").string());
  EXPECT_FALSE(fs::exists(place("apart") / "model/config.json"));
  merge_model(place("apart") / "model", place("put-together"));
  const TensorFile together = weights_in(place("together")), merged = read_weights(place("put-together"));
  for (const TensorView& view : together.tensors())
    EXPECT_LT((to_tensor(view) - to_tensor(*merged.find(view.name))).abs().max().item<double>(), 1e-3) << view.name;
  expect_segments(place("put-together"));
  const std::string message = testing::invalid_argument_of([&] { load_segmenter(place("apart") / "model"); });
  EXPECT_NE(message.find("omma convert --from"), std::string::npos) << message;
}

// With averaged weights, adapters and a decoder that learns beside them: bit for bit.
TEST_F(SamFineTuning, AResumedRunKeepsItsAdapters) {
  json changes = lora({{"save", "adapter"}, {"modules_to_save", {"mask_decoder"}}, {"dropout", 0.1}});
  changes["ema_decay"] = 0.9;
  train(recipe(changes), "whole");
  train(recipe(changes), "parts", false, 3);
  train(recipe(changes), "parts", true);
  EXPECT_TRUE(std::ranges::equal(
      read_safetensors(place("whole") / "model/adapter_model.safetensors").tensors(),
      read_safetensors(place("parts") / "model/adapter_model.safetensors").tensors(),
      [](const TensorView& a, const TensorView& b) { return a.name == b.name && std::ranges::equal(a.bytes, b.bytes); }));
  EXPECT_EQ(read_json(place("parts") / "model/adapter_config.json"), read_json(place("whole") / "model/adapter_config.json"));
  merge_model(place("whole") / "model", place("whole-merged"));
  EXPECT_FALSE(same(weights_in(place("base")), read_weights(place("whole-merged")), "mask_decoder.iou_token.weight"));
}

// The decoder alone, and its statistics: a batch norm's are the encoder's, too.
TEST_F(SamFineTuning, AFrozenEncoderStays) {
  for (const std::string base : {"base", "mobile"}) {
    const json frozen = {{"parameter_groups", {{{"pattern", "vision_encoder"}, {"learning_rate", 0}}}}};
    train(recipe(frozen, base), "decoder-of-" + base);
    const TensorFile before = weights_in(place(base)), after = weights_in(place("decoder-of-" + base));
    for (const TensorView& view : before.tensors()) {
      const bool stays = view.name.starts_with("vision_encoder");
      EXPECT_TRUE(same(before, after, view.name) || !stays) << view.name;
    }
    EXPECT_FALSE(same(before, after, "mask_decoder.iou_token.weight"));
  }
}

TEST_F(SamFineTuning, AdaptersOfMobileSamsEncoder) {
  train(recipe(lora(), "mobile"), "mobile-lora");
  const TensorFile before = weights_in(place("mobile")), after = weights_in(place("mobile-lora"));
  for (const TensorView& view : before.tensors()) {
    const bool is_target = view.name.ends_with("attn.qkv.weight") || view.name.ends_with("attn.proj.weight");
    EXPECT_EQ(same(before, after, view.name), !is_target) << view.name;
  }
}

// Each layer's adapters at its own rate; groups in which nothing learns beside them.
TEST_F(SamFineTuning, AdaptersWithLayerDecay) {
  json changes = lora();
  changes["layer_decay"] = 0.5;
  train(recipe(changes), "decayed");
  EXPECT_FALSE(same(weights_in(place("base")), weights_in(place("decayed")), "vision_encoder.layers.0.attn.qkv.weight"));
}

TEST_F(SamFineTuning, FaultsAreNamed) {
  EXPECT_NE(refusal(recipe(lora({{"rank", 0}}))).find("lora.rank"), std::string::npos);
  EXPECT_NE(refusal(recipe(lora({{"dropout", 1}}))).find("dropout: expected 0 or more and less than 1"), std::string::npos);
  EXPECT_NE(refusal(recipe(lora({{"save", "both"}}))).find("save: expected \"merged\" or \"adapter\""), std::string::npos);
  const std::string nothing = refusal(recipe(lora({{"targets", {"query"}}})));
  EXPECT_NE(nothing.find("\"query\" chooses nothing; there are: "), std::string::npos) << nothing;
  EXPECT_NE(nothing.find("vision_encoder.layers.*.attn.qkv, "), std::string::npos) << nothing;
  const std::string folded = refusal(recipe(lora({{"targets", {"mask_decoder.*.*.*.*.q_proj"}}, {"dropout", 0.1}})));
  EXPECT_NE(folded.find("mask_decoder.transformer.layers.0.self_attn.q_proj"), std::string::npos) << folded;
  json alone = recipe(lora({{"save", "adapter"}}));
  alone.erase("initial_weights");
  EXPECT_NE(refusal(alone).find("lora: base"), std::string::npos) << refusal(alone);
  json other = recipe(lora({{"save", "adapter"}}));
  other["model"] = small_sam_recipe()["model"];
  other["model"]["mask_decoder_config"]["mlp_dim"] = 32;
  EXPECT_NE(refusal(other).find("needs all weights from there"), std::string::npos) << refusal(other);
  json larger = recipe(lora({{"save", "adapter"}}));  // positions that only resizing would fit: the base's are not they
  larger["model"] = small_sam_recipe()["model"];
  for (const char* part : {"vision_config", "prompt_encoder_config"}) larger["model"][part]["image_size"] = 128;
  EXPECT_NE(refusal(larger).find("needs all weights from there"), std::string::npos) << refusal(larger);
}

}  // namespace
}  // namespace omma::sam
