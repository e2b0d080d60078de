// Runs of the task "grounding-dino", small enough to be trained here.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "omma/base/file.h"
#include "omma/data/world/export.h"
#include "omma/eval/detection_evaluation.h"
#include "omma/models/registry.h"
#include "omma/recipes/grounding_dino/training.h"
#include "omma/recipes/run_recipe.h"
#include "tests/temporary_directory.h"

namespace omma::grounding_dino {
namespace {

// Eight scenes of 64 pixels a side, trained and validated on.
json small_recipe() {
  return json::parse(R"({
    "task": "grounding-dino", "seed": 1, "data": "world:seed=4,count=8,size=64", "split": "train", "validation_split": "train",
    "steps": 6, "batch_size": 8, "learning_rate": 0.002, "clip_norm": 1, "schedule": {"kind": "cosine", "warmup_steps": 10},
    "sizes": [64], "min_phrases": 32, "max_phrases": 32, "augmentation": {"flip": false}, "denoising_queries": 0,
    "loss": {"class_weight": 2, "l1_weight": 5, "giou_weight": 2, "class_cost": 2, "l1_cost": 5, "giou_cost": 2},
    "model": {
      "model_type": "mm-grounding-dino", "d_model": 32, "num_queries": 20, "num_feature_levels": 2, "encoder_layers": 1,
      "encoder_ffn_dim": 64, "encoder_attention_heads": 4, "decoder_layers": 2, "decoder_ffn_dim": 64,
      "decoder_attention_heads": 4, "init_std": 0.05, "dropout": 0, "fusion_droppath": 0,
      "text_config": {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64,
                      "max_position_embeddings": 64, "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0},
      "backbone_config": {"embed_dim": 16, "depths": [1, 2], "num_heads": [1, 2], "window_size": 4, "image_size": 64,
                          "drop_path_rate": 0, "out_indices": [1, 2]}
    },
    "log_every": 1, "threads": 1
  })");
}

class GroundingDinoRun : public ::testing::Test {
 protected:
  TrainingOutcome run(const json& changes) {
    json recipe = small_recipe();
    recipe.update(changes, /*merge_objects=*/true);
    return run_recipe(recipe, "recipe.json", {.out = out(), .resume = false, .stop_after = {}});
  }
  std::filesystem::path out() const { return directory_ / "run"; }
  std::vector<json> log() const {
    std::vector<json> entries;
    std::istringstream lines(read_file(out() / "log.jsonl"));
    for (std::string line; std::getline(lines, line);) entries.push_back(parse_json(line, "log.jsonl"));
    return entries;
  }

 private:
  testing::TemporaryDirectory directory_;
};

TEST_F(GroundingDinoRun, LearnsEightScenesByHeart) {
  const TrainingOutcome outcome = run({{"steps", 160}, {"learning_rate", 0.003}});
  EXPECT_LT(outcome.loss, 0.1 * log().front()["loss"].get<double>());
  EXPECT_GE(outcome.validation["f1"].get<double>(), 0.9);
  EXPECT_GE(outcome.validation["ap50"].get<double>(), 0.9);
  // As its user loads it: the saved weights, tokenizer and picture sizes are those of the training.
  const auto detector = load_detector(out() / "model", {.device = "cpu", .dtype = "fp32"});
  const DetectionQuestions questions = questions_of(open_detection_dataset("world:seed=4,count=8,size=64", "train"));
  EXPECT_NEAR(evaluate_detection(*detector, questions).f1, outcome.validation["f1"].get<double>(), 0.03);
}

TEST_F(GroundingDinoRun, TheLogHoldsTheFiguresOfEachValidation) {
  run({{"validate_every", 2}, {"validation_pictures", 5}, {"validation_split", "val"}});
  std::vector<json> validations;
  for (const json& entry : log())
    if (entry.contains("validation")) validations.push_back(entry);
  ASSERT_EQ(validations.size(), 3U);  // after steps 2 and 4, and at the end: training went on between them
  for (const json& entry : validations) {
    EXPECT_EQ(entry["validation"]["pictures"], 5);
    EXPECT_NEAR(entry["validation"]["threshold"].get<double>(), 0.35, 1e-6);
    for (const char* figure : {"ap50", "f1", "precision", "recall", "absent_rate"}) {
      const double value = entry["validation"][figure];
      EXPECT_TRUE(value >= 0 && value <= 1) << figure << " " << value;
    }
  }
}

TEST_F(GroundingDinoRun, ValidatesOnTheWorldOrNotAtAll) {
  EXPECT_EQ(run({{"data", "world"}, {"steps", 1}, {"validation_split", "val"}, {"validation_pictures", 3}}).validation["pictures"],
            3);
  std::filesystem::remove_all(out());
  EXPECT_EQ(run({{"steps", 1}, {"validation_pictures", 0}}).validation, json::object());
  std::filesystem::remove_all(out());
  EXPECT_NE(testing::invalid_argument_of([&] { run({{"validation_split", "dev"}}); }).find("\"dev\""), std::string::npos);
}

// Of five epochs, so that the broken picture is due several times.
TEST_F(GroundingDinoRun, ABrokenPictureIsLeftOutAndAResumedRunGoesOnAsAWholeOne) {
  const testing::TemporaryDirectory data;
  render_dataset({.seed = 4, .count = 20, .out = data.path(), .scene = {.size = 64}});
  write_file(data / "images/000011.png", "no picture");
  const json changes = {{"data", "coco:" + data.path().string()}, {"steps", 12}, {"validation_pictures", 20}};
  const TrainingOutcome whole = run(changes);
  const std::vector<json> expected = log();
  EXPECT_EQ(whole.data_faults, "1 unreadable_picture");
  EXPECT_EQ(whole.validation["pictures"], 19);
  std::filesystem::remove_all(out());
  json recipe = small_recipe();
  recipe.update(changes, /*merge_objects=*/true);
  run_recipe(recipe, "recipe.json", {.out = out(), .resume = false, .stop_after = 5});
  run_recipe(recipe, "recipe.json", {.out = out(), .resume = true, .stop_after = {}});
  const std::vector<json> got = log();
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].contains("loss"), expected[i].contains("loss"));
    if (got[i].contains("loss")) {
      EXPECT_EQ(got[i]["loss"], expected[i]["loss"]) << "step " << i;
    }
  }

  write_file(data / "images/000012.png", "no picture");
  std::filesystem::remove_all(out());
  EXPECT_NE(testing::invalid_argument_of([&] { run(changes); }).find("2 of 20 pictures cannot be used, over the limit of 5 %"),
            std::string::npos);
}

TEST_F(GroundingDinoRun, Bfloat16LearnsTheSame) {
  const json common = {{"steps", 30}, {"denoising_queries", 20}, {"validation_pictures", 0}};
  run(common);
  const std::vector<json> fp32 = log();
  std::filesystem::remove_all(out());
  json half = common;
  half["bf16"] = true;
  run(half);
  const std::vector<json> bf16 = log();
  const auto loss = [](const json& entry) { return entry["loss"].get<double>(); };
  EXPECT_NE(loss(bf16.front()), loss(fp32.front()));  // it is another arithmetic
  EXPECT_NEAR(loss(bf16.front()), loss(fp32.front()), 0.03 * loss(fp32.front()));
  const double last = loss(bf16[29]);
  EXPECT_TRUE(std::isfinite(last));
  EXPECT_LT(last, 0.75 * loss(bf16.front()));
  EXPECT_NEAR(last, loss(fp32[29]), 0.25 * loss(fp32[29]));
}

}  // namespace
}  // namespace omma::grounding_dino
