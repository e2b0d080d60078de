// The person who corrects masks, the objective, and a few steps of the whole.
#include <gtest/gtest.h>

#include "omma/base/log.h"
#include "omma/models/registry.h"
#include "omma/recipes/run_recipe.h"
#include "omma/recipes/sam/interaction.h"
#include "omma/recipes/sam/objective.h"
#include "omma/train/parameter_store.h"
#include "tests/temporary_directory.h"
#include "tests/unit/recipes/small_sam.h"

namespace omma::sam {
namespace {

Tensor rectangle(int64_t x0, int64_t y0, int64_t x1, int64_t y1) {  // [16, 16]
  Tensor mask = torch::zeros({16, 16}, torch::kBool);
  mask.slice(0, y0, y1).slice(1, x0, x1).fill_(true);
  return mask;
}

bool is_in(const Tensor& region, const Tensor& point) {
  return region[static_cast<int64_t>(point[1].item<float>())][static_cast<int64_t>(point[0].item<float>())].item<bool>();
}

TEST(Interaction, FirstClicksAreOnTheObjects) {
  torch::manual_seed(1);
  const Tensor targets = torch::stack({rectangle(0, 0, 1, 1), rectangle(15, 3, 16, 9), rectangle(4, 4, 12, 12)});
  for (int i = 0; i < 50; ++i) {
    const Prompts prompts = first_prompts(targets, /*box=*/false, {});
    for (int64_t k = 0; k < 3; ++k) EXPECT_TRUE(is_in(targets[k], prompts.points[k][0]));
    EXPECT_TRUE((prompts.labels == 1).all().item<bool>());
  }
}

TEST(Interaction, CentralFirstClicksAreFarthestFromTheBoundary) {
  torch::manual_seed(1);
  const Tensor targets = torch::stack({rectangle(0, 0, 1, 1), rectangle(0, 3, 3, 6), rectangle(4, 4, 13, 13)});
  const Tensor centres = torch::tensor({{{0.F, 0.F}}, {{1.F, 4.F}}, {{8.F, 8.F}}});
  EXPECT_TRUE(first_prompts(targets, /*box=*/false, {.centre_chance = 1}).points.equal(centres));
  int central = 0;
  for (int i = 0; i < 100; ++i) {
    const Prompts prompts = first_prompts(targets, /*box=*/false, {.centre_chance = 0.5});
    for (int64_t k = 0; k < 3; ++k) EXPECT_TRUE(is_in(targets[k], prompts.points[k][0]));
    if (prompts.points[2].equal(centres[2])) ++central;
  }
  EXPECT_GT(central, 30);
  EXPECT_LT(central, 75);
}

TEST(Interaction, ClicksReachEveryPixelOfARegion) {
  torch::manual_seed(2);
  Tensor seen = torch::zeros({16, 16}, torch::kBool);
  const Tensor target = rectangle(2, 3, 5, 6);
  for (int i = 0; i < 200; ++i) {
    const Tensor point = random_pixels(target.unsqueeze(0))[0][0].to(torch::kInt64);
    seen[point[1].item<int64_t>()][point[0].item<int64_t>()] = true;
  }
  EXPECT_TRUE(seen.equal(target));
}

TEST(Interaction, BoxesAreTightAndTheirNoiseIsBounded) {
  const Tensor targets = torch::stack({rectangle(0, 0, 16, 16), rectangle(15, 3, 16, 9), rectangle(4, 5, 12, 7)});
  const Tensor boxes = boxes_of(targets);
  EXPECT_TRUE(boxes.equal(torch::tensor({{0.F, 0.F, 16.F, 16.F}, {15.F, 3.F, 16.F, 9.F}, {4.F, 5.F, 12.F, 7.F}})));
  torch::manual_seed(3);
  for (int i = 0; i < 20; ++i) {
    const Tensor noisy = with_noise(boxes, 16, {.box_noise = 0.5, .max_box_noise = 0.1});
    EXPECT_LE((noisy - boxes).abs().max().item<float>(), 1.6F + 1e-4F);
    EXPECT_GE(noisy.min().item<float>(), 0);
    EXPECT_LE(noisy.max().item<float>(), 16);
  }
  EXPECT_TRUE(with_noise(boxes, 16, {.box_noise = 0}).equal(boxes));
}

TEST(Interaction, LaterClicksAreWhereTheMaskIsWrong) {
  torch::manual_seed(4);
  const Tensor targets = torch::stack({rectangle(0, 0, 8, 8), rectangle(0, 0, 8, 8), rectangle(0, 0, 8, 8)});
  const Tensor masks = torch::stack({rectangle(0, 0, 6, 8), rectangle(0, 0, 8, 11), rectangle(0, 0, 8, 8)});
  for (int i = 0; i < 30; ++i) {
    Prompts prompts = first_prompts(targets, true, {});
    add_clicks(prompts, masks, targets);
    EXPECT_TRUE(is_in(rectangle(6, 0, 8, 8), prompts.points[0][0]));  // missed: of the object
    EXPECT_EQ(prompts.labels[0][0].item<int64_t>(), 1);
    EXPECT_TRUE(is_in(rectangle(0, 8, 8, 11), prompts.points[1][0]));  // too much: not of it
    EXPECT_EQ(prompts.labels[1][0].item<int64_t>(), 0);
    EXPECT_TRUE(is_in(targets[2], prompts.points[2][0]));  // nothing wrong
    EXPECT_EQ(prompts.labels[2][0].item<int64_t>(), 1);
    add_clicks(prompts, masks, targets);
    EXPECT_EQ(prompts.points.size(1), 2);
  }
}

// Three masks, of which the second fits: it alone gets a gradient from the shape, all from their predicted IoU.
TEST(Objective, OnlyTheBestOfSeveralMasksLearnsTheShape) {
  const Tensor target = rectangle(2, 2, 9, 9).to(torch::kFloat32).unsqueeze(0);
  Tensor logits = torch::zeros({1, 3, 16, 16});
  logits[0][1] = 8 * target[0] - 4;
  logits.requires_grad_(true);
  Tensor predicted = torch::tensor({{0.5F, 0.5F, 0.5F}}).requires_grad_(true);
  const MaskLosses losses = mask_losses(logits, predicted, target, {});
  EXPECT_FLOAT_EQ(losses.iou[0][1].item<float>(), 1);
  EXPECT_FLOAT_EQ(losses.iou[0][0].item<float>(), 0);
  best_of(losses).backward();
  EXPECT_EQ(logits.grad()[0][0].abs().sum().item<float>(), 0);
  EXPECT_GT(logits.grad()[0][1].abs().sum().item<float>(), 0);
  EXPECT_EQ(logits.grad()[0][2].abs().sum().item<float>(), 0);
  EXPECT_TRUE((predicted.grad() != 0).all().item<bool>());
}

TEST(SamTraining, LearnsAndWritesAModelThatSegments) {
  set_log_sink(nullptr);
  const testing::TemporaryDirectory out;
  const TrainingOutcome outcome = run_recipe(small_sam_recipe(), "recipe", {.out = out / "run", .resume = false, .stop_after = {}});
  EXPECT_EQ(outcome.end, TrainingOutcome::End::finished);
  EXPECT_LT(outcome.loss, 2.5);  // about 3.5 at first
  EXPECT_GE(outcome.validation.at("miou_box"), 0);
  const auto segmenter = load_segmenter(out / "run/model");
  const SegmentationPrompt prompt{.points = {{30, 30}}, .box = {}, .mask = {}};
  const SegmentationResult result = segmenter->segment(Image(90, 60), {&prompt, 1});
  ASSERT_EQ(result.objects.size(), 1U);
  EXPECT_EQ(result.objects[0].at(0).mask.width, 90);
}

TEST(SamTraining, FaultsOfARecipeAreNamed) {
  json recipe = small_sam_recipe();
  recipe["model"]["prompt_encoder_config"]["image_size"] = 128;
  EXPECT_NE(testing::invalid_argument_of([&] { check_recipe(recipe, "recipe"); }).find("prompt_encoder_config: expected"),
            std::string::npos);
  recipe = small_sam_recipe();
  recipe["data"] = "somewhere";
  EXPECT_NE(testing::invalid_argument_of([&] { check_recipe(recipe, "recipe"); }).find("data: expected world or KIND:PATH"),
            std::string::npos);
}

// The rates fall from layer to layer; what belongs to no layer of the encoder keeps its own.
TEST(SamTraining, LayerDecayGivesEachLayerItsRate) {
  json recipe = small_sam_recipe();
  recipe["layer_decay"] = 0.5;
  const auto [trainer, task] = open_recipe(recipe, "recipe");
  const auto rate_of = [&](const std::string& name) {
    for (const ParameterGroupConfig& group : trainer.parameter_groups)
      if (name.find(group.pattern) != std::string::npos) return group.learning_rate;
    return 1.0;
  };
  EXPECT_EQ(rate_of("vision_encoder.layers.1.mlp.lin1.weight"), 0.5);
  EXPECT_EQ(rate_of("vision_encoder.layers.0.attn.rel_pos_h"), 0.25);
  EXPECT_EQ(rate_of("vision_encoder.patch_embed.projection.weight"), 0.125);
  EXPECT_EQ(rate_of("vision_encoder.pos_embed"), 0.125);
  EXPECT_EQ(rate_of("vision_encoder.neck.conv1.weight"), 1);
  EXPECT_EQ(rate_of("mask_decoder.iou_token.weight"), 1);
  EXPECT_NO_THROW(ParameterStore(task->module(), trainer));  // every group has parameters
}

}  // namespace
}  // namespace omma::sam
