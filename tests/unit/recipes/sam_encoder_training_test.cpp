// Pre-training and distilling the encoder.
#include <gtest/gtest.h>

#include "omma/base/log.h"
#include "omma/io/image_file.h"
#include "omma/models/registry.h"
#include "omma/models/sam/image_encoder.h"
#include "omma/models/sam/predictor.h"
#include "omma/recipes/run_recipe.h"
#include "omma/recipes/sam/masked_autoencoder.h"
#include "tests/temporary_directory.h"
#include "tests/unit/recipes/small_sam.h"

namespace omma::sam {
namespace {

TEST(MaskedAutoencoder, PatchesAreTheGridsRowByRow) {
  const Tensor pixels = torch::arange(2 * 3 * 4 * 6, torch::kFloat32).view({2, 3, 4, 6}).slice(3, 0, 4);
  const Tensor patches = to_patches(pixels.contiguous(), 2);
  ASSERT_EQ(patches.sizes(), (std::vector<int64_t>{2, 4, 12}));
  const Tensor second = pixels[1].slice(1, 0, 2).slice(2, 2, 4);  // upper right, of all channels
  EXPECT_TRUE(patches[1][1].equal(second.flatten()));
}

TEST(MaskedAutoencoder, NormalisedPatchesHaveMeanZeroAndVarianceOne) {
  torch::manual_seed(1);
  const Tensor patches = normalised_patches(3 * torch::randn({2, 5, 48}) + 7);
  EXPECT_LT(patches.mean(-1).abs().max().item<float>(), 1e-5F);
  EXPECT_LT((patches.var(-1) - 1).abs().max().item<float>(), 1e-4F);
  EXPECT_TRUE(normalised_patches(torch::full({1, 1, 48}, 0.25F)).isfinite().all().item<bool>());  // a patch of one colour
}

// What the encoder does not see cannot change what is drawn; what it sees does.
TEST(MaskedAutoencoder, HiddenPatchesAreNotSeen) {
  torch::manual_seed(2);
  MaskedAutoencoder autoencoder(read_model_config(small_sam(), "model"), PatchDecoderConfig{.hidden_size = 32});
  autoencoder->eval();
  const torch::NoGradGuard no_grad;
  const Tensor pixels = torch::randn({1, 3, 64, 64}), seen = torch::tensor({{9, 0, 63, 20}}, torch::kInt64);
  const Tensor drawn = autoencoder(pixels, seen);
  Tensor hidden = pixels.clone(), shown = pixels.clone();
  hidden.slice(2, 0, 8).slice(3, 8, 16).fill_(5);  // patch 1
  shown.slice(2, 8, 16).slice(3, 8, 16).fill_(5);  // patch 9
  EXPECT_TRUE(autoencoder(hidden, seen).equal(drawn));
  EXPECT_GT((autoencoder(shown, seen) - drawn).abs().max().item<float>(), 1e-3F);
  const Tensor reordered = torch::tensor({{63, 20, 9, 0}}, torch::kInt64);
  EXPECT_LT((autoencoder(pixels, reordered) - drawn).abs().max().item<float>(), 1e-5F);
}

json autoencoder_recipe() {
  return {
      {"task", "sam-mae"}, {"steps", 60},          {"batch_size", 4},          {"learning_rate", 0.003},          {"threads", 1},
      {"masked", 0.5},     {"model", small_sam()}, {"validation_pictures", 8}, {"decoder", {{"hidden_size", 32}}}};
}

TEST(MaskedAutoencoder, LearnsToDrawAndItsEncoderStartsAnother) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory out;
  const TrainingOutcome outcome =
      run_recipe(autoencoder_recipe(), "recipe", {.out = out / "run", .resume = false, .stop_after = {}});
  EXPECT_LT(outcome.validation.at("reconstruction"), 0.9);  // 1: each patch's mean
  Predictor trained(out / "run/model");
  json recipe = {{"task", "sam"}, {"model", small_sam()}, {"initial_weights", {(out / "run/model").string()}}};
  const auto opened = open_recipe(recipe, "recipe");
  const auto weights = opened.second->module().named_parameters();
  const Tensor learned = trained.model()->named_parameters()["vision_encoder.layers.0.attn.qkv.weight"];
  EXPECT_TRUE(weights["vision_encoder.layers.0.attn.qkv.weight"].equal(learned));

  recipe = autoencoder_recipe();  // of larger pictures
  for (const char* part : {"vision_config", "prompt_encoder_config"}) recipe["model"][part]["image_size"] = 128;
  recipe["initial_weights"] = {(out / "run/model").string()};
  const auto larger = open_recipe(recipe, "recipe");
  const Tensor positions = larger.second->module().named_parameters()["model.vision_encoder.pos_embed"];
  const Tensor theirs = trained.model()->named_parameters()["vision_encoder.pos_embed"];
  EXPECT_EQ(positions.size(1), 16);
  EXPECT_TRUE(positions.equal(resized_positions("pos_embed", theirs, positions.sizes())));
}

TEST(MaskedAutoencoder, AFolderOfPicturesIsEnough) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory out;
  std::filesystem::create_directory(out / "pictures");
  for (const char* name : {"a.png", "b.png"}) write_image(out / "pictures" / name, Image(40, 30));
  json recipe = autoencoder_recipe();
  recipe["data"] = "pictures:" + (out / "pictures").string();
  recipe["steps"] = 2;
  EXPECT_EQ(run_recipe(recipe, "recipe", {.out = out / "run", .resume = false, .stop_after = {}}).end,
            TrainingOutcome::End::finished);
  recipe["data"] = "pictures:" + (out / "run").string();
  EXPECT_NE(testing::invalid_argument_of([&] { check_recipe(recipe, "recipe"); }).find("holds no pictures"), std::string::npos);
  recipe["data"] = "pictures:" + (out / "pictures").string();
  recipe["task"] = "sam";
  for (const char* field : {"masked", "decoder"}) recipe.erase(field);
  EXPECT_NE(testing::invalid_argument_of([&] { check_recipe(recipe, "recipe"); }).find("expected masks to learn from"),
            std::string::npos);
}

// The student's embeddings come near the teacher's; prompts and decoder are the teacher's, and do not move.
TEST(Distillation, ASmallEncoderLearnsTheLargeOnesEmbeddings) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory out;
  const json start = {{"task", "sam"},       {"steps", 1}, {"threads", 1}, {"batch_size", 1}, {"validation_pictures", 0},
                      {"model", small_sam()}};
  run_recipe(start, "recipe", {.out = out / "teacher", .resume = false, .stop_after = {}});
  json vision = small_sam()["vision_config"];
  vision["hidden_size"] = 16;
  vision["num_hidden_layers"] = 1;
  vision["global_attn_indexes"] = {0};
  json recipe = {{"task", "sam-distillation"},
                 {"steps", 60},
                 {"batch_size", 4},
                 {"learning_rate", 0.003},
                 {"threads", 1},
                 {"teacher", (out / "teacher/model").string()},
                 {"vision_config", vision},
                 {"validation_pictures", 2}};
  const TrainingOutcome outcome = run_recipe(recipe, "recipe", {.out = out / "student", .resume = false, .stop_after = {}});
  EXPECT_LT(outcome.loss, 0.6);  // of embeddings whose variance is 1
  EXPECT_TRUE(outcome.validation.contains("miou_box"));
  Predictor teacher(out / "teacher/model"), student(out / "student/model");
  EXPECT_EQ(student.model()->config().vision_config.hidden_size, 16);
  const auto of = [](Predictor& predictor) { return predictor.model()->mask_decoder->named_parameters(); };
  const auto taught = of(teacher), kept = of(student);
  for (const auto& item : taught) EXPECT_TRUE(kept[item.key()].equal(item.value())) << item.key();

  recipe["vision_config"]["image_size"] = 128;
  EXPECT_NE(testing::invalid_argument_of([&] { check_recipe(recipe, "recipe"); }).find("vision_config"), std::string::npos);
  recipe["teacher"] = "";
  EXPECT_NE(testing::invalid_argument_of([&] { check_recipe(recipe, "recipe"); }).find("teacher: expected a model directory"),
            std::string::npos);
}

}  // namespace
}  // namespace omma::sam
