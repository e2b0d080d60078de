// CLIP's training: it learns to tell a few pictures apart, and its directory matches.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/base/log.h"
#include "omma/models/clip/tower.h"
#include "omma/models/registry.h"
#include "omma/nn/tensor.h"
#include "omma/recipes/run_recipe.h"
#include "omma/train/trainer.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

json recipe(const json& changes = json::object()) {
  const json tower = {{"hidden_size", 24}, {"intermediate_size", 32}, {"num_hidden_layers", 2}, {"num_attention_heads", 2}};
  json vision = tower, text = tower;
  vision.update({{"image_size", 32}, {"patch_size", 8}});
  text["max_position_embeddings"] = 32;
  json object = {{"task", "clip"},
                 {"seed", 1},
                 {"steps", 200},
                 {"batch_size", 8},
                 {"data", "world:size=32,captions=exact,objects=1,count=8"},
                 {"validation_data", "world:size=32,captions=exact,objects=1,count=8"},
                 {"validation_split", "train"},
                 {"learning_rate", .005},
                 {"threads", 1},
                 {"model", {{"vision_config", vision}, {"text_config", text}, {"projection_dim", 16}}}};
  object.update(changes);
  return object;
}

TrainingOutcome train(const json& recipe, const std::filesystem::path& out) {
  return run_recipe(recipe, "recipe", {.out = out, .stop_after = {}});
}

TEST(ClipTraining, TellsAFewPicturesApart) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory directory;
  train(recipe(), directory / "run");
  const json figures = read_json(outcome_file(directory / "run"))["validation"];
  EXPECT_GE(figures["itc_tr1"].get<double>(), .75) << dump_json(figures);
  EXPECT_GE(figures["itc_ir1"].get<double>(), .75) << dump_json(figures);
  const auto matcher = load_matcher(directory / "run/model");
  EXPECT_FALSE(matcher->has_itm());
}

TEST(ClipTraining, TheImageEncoderLearnsWhatPatchesShow) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory directory;
  train(recipe({{"steps", 1}, {"validation_data", ""}}), directory / "clip");
  const json start = {{"task", "clip-vision"},
                      {"seed", 1},
                      {"steps", 60},
                      {"batch_size", 8},
                      {"learning_rate", .01},
                      {"threads", 1},
                      {"initial_weights", {(directory / "clip/model").string()}}};
  const json once = [&] {
    json changed = start;
    changed["steps"] = 1;
    return changed;
  }();
  EXPECT_LT(train(start, directory / "tower").loss, .8 * train(once, directory / "once").loss);
  EXPECT_TRUE(read_json(outcome_file(directory / "tower"))["validation"].contains("names_right"));

  const auto before = load_clip_tower(directory / "clip/model")->named_parameters(),
             after = load_clip_tower(directory / "tower/model")->named_parameters();
  const auto same = [&](const std::string& name) { return before[name].equal(after[name]); };
  EXPECT_FALSE(same("encoder.layers.0.mlp.fc1.weight"));
  EXPECT_TRUE(same("encoder.layers.1.mlp.fc1.weight")) << "behind the state that is read";
  EXPECT_TRUE(std::filesystem::exists(directory / "tower/model/preprocessor_config.json"));

  json deep = start;
  deep["vision_feature_layer"] = -4;
  EXPECT_NE(invalid_argument_of([&] { train(deep, directory / "deep"); }).find("vision_feature_layer"), std::string::npos);
}

TEST(ClipTraining, WrongTextsAreCandidatesBesideTheBatchs) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory directory;
  const std::string data = "world:size=32,captions=exact,objects=2,count=8";
  const auto first_loss = [&](const std::string& of, const std::string& run) {
    return train(recipe({{"steps", 1}, {"data", of}, {"validation_data", ""}}), directory / run).loss;
  };
  EXPECT_GT(first_loss(data + ",wrong=1", "wrong"), first_loss(data, "alone")) << "twice as many texts to choose from";
}

TEST(ClipTraining, ABadRecipeIsToldByItsField) {
  const testing::TemporaryDirectory directory;
  const auto refused = [&](const json& changes) { return invalid_argument_of([&] { train(recipe(changes), directory / "bad"); }); };
  EXPECT_NE(refused({{"batch_size", 1}}).find("batch_size"), std::string::npos);
  EXPECT_NE(refused({{"data", "coco:/nowhere"}}).find("/nowhere"), std::string::npos);
  EXPECT_NE(refused({{"max_scales", 3}}).find("max_scales"), std::string::npos);
}

}  // namespace
}  // namespace omma
