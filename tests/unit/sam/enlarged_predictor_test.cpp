// Small objects in enlarged parts of the picture: the same answers as of these parts by themselves.
#include "omma/models/sam/enlarged_predictor.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "omma/base/file.h"
#include "omma/models/registry.h"
#include "omma/models/sam/processor.h"
#include "omma/models/sam/tiles.h"
#include "omma/nn/model_directory.h"
#include "omma/vision/run_lengths.h"
#include "tests/temporary_directory.h"
#include "tests/unit/sam/small_sam.h"

namespace omma::sam {
namespace {

Config small_config() { return read_model_config(small_sam(), "small"); }

Model small_model() {
  torch::manual_seed(2);  // its masks end within some parts, beyond others, and some are empty
  Model model(small_config());
  model->init_weights();
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : model->parameters()) parameter += 0.2 * torch::randn_like(parameter);  // masks with shapes
  model->eval();
  return model;
}

Image noise(int width, int height) {
  Image image(width, height);
  std::uint32_t state = 7;
  for (std::uint8_t& value : image.data) value = static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24);
  return image;
}

class EnlargedPredictors : public ::testing::Test {
 protected:
  static std::unique_ptr<Predictor> plain() {
    return std::make_unique<Predictor>(model(), ImageProcessor(image_processor(small_config())));
  }
  static Model& model() {
    static Model shared = small_model();
    return shared;
  }
  SegmentedMask enlarged_answer(const SegmentationPrompt& prompt, bool single = false) {
    return enlarged_.segment(image_, {&prompt, 1}, {.single = single, .logits = true}).objects.at(0).at(0);
  }
  // What the model says of a part by itself, in the picture's pixels.
  SegmentedMask answer_in(const Box& part, SegmentationPrompt prompt, bool single = false) {
    for (PointPrompt& point : prompt.points) point.x -= part.x0, point.y -= part.y0;
    if (prompt.box) prompt.box = prompt.box->shifted(-part.x0, -part.y0);
    SegmentedMask mask =
        plain()->segment(cropped(image_, part), {&prompt, 1}, {.single = single, .logits = true}).objects.at(0).at(0);
    mask.mask = place(mask.mask, static_cast<int>(part.x0), static_cast<int>(part.y0), image_.width, image_.height);
    return mask;
  }

  Image image_ = noise(150, 110);
  EnlargedPredictor enlarged_{plain(), 2};  // parts of 32, 64 and 128 pixels
};

TEST_F(EnlargedPredictors, APointGetsTheBestOfThreeOrTheSingleMask) {
  const SegmentationPrompt click{.points = {{70, 50}}, .box = {}, .mask = {}};
  const SegmentationPrompt* const one = &click;
  const auto predictor = plain();
  const auto embedding = predictor->encode_image(image_);
  const Tensor iou = predictor->decode(static_cast<const Embedding&>(*embedding), {&one, 1}).iou[0];
  const auto predicted = [&](const SegmentationOptions& options) {
    return predictor->segment_encoded(*embedding, {&click, 1}, options).objects.at(0).at(0).predicted_iou;
  };
  EXPECT_EQ(predicted({}), iou.slice(0, 1).max().item<float>());
  EXPECT_EQ(predicted({.single = true}), iou[0].item<float>());
  EXPECT_NE(predicted({}), predicted({.single = true}));
}

TEST_F(EnlargedPredictors, ABoxIsAnsweredInTheSmallestPartWithRoom) {
  const SegmentationPrompt small{.points = {}, .box = Box{70, 50, 84, 62}, .mask = {}};
  const SegmentedMask in_part = answer_in(part_around(77, 56, 32, {150, 110}), small), answer = enlarged_answer(small);
  EXPECT_EQ(answer.mask, in_part.mask);
  EXPECT_EQ(answer.predicted_iou, in_part.predicted_iou);
  EXPECT_EQ(answer.box, bounding_box(answer.mask));

  const SegmentationPrompt wide{.points = {}, .box = Box{40, 40, 76, 50}, .mask = {}};
  EXPECT_EQ(enlarged_answer(wide).mask, answer_in(part_around(58, 45, 64, {150, 110}), wide).mask);
  const SegmentationPrompt all{.points = {}, .box = Box{2, 2, 148, 108}, .mask = {}};
  EXPECT_EQ(enlarged_answer(all).mask, answer_in({0, 0, 150, 110}, all).mask);
}

// Where the first click's mask has room decides, for the clicks and the logits that follow, too.
class EnlargedClicks : public EnlargedPredictors,
                       public ::testing::WithParamInterface<bool> {};  // the single mask, or the best of three

INSTANTIATE_TEST_SUITE_P(OfOneAndOfThree, EnlargedClicks, ::testing::Bool());

TEST_P(EnlargedClicks, StayInThePartOfTheFirst) {
  const Size picture{150, 110};
  const bool single = GetParam();
  int in_parts = 0;
  std::vector<PointPrompt> firsts;
  for (float y = 5; y < 110; y += 25)
    for (float x = 5; x < 150; x += 25) firsts.push_back({x, y});
  for (const PointPrompt& first : firsts) {
    Box part = whole_picture(picture);
    for (const int side : {32, 64, 128}) {
      const Box tried = part_around(first.x, first.y, side, picture);
      const Box seen = bounding_box(answer_in(tried, {.points = {first}, .box = {}, .mask = {}}, single).mask);
      if (seen == Box() || is_cut_off(seen, tried, picture, 1)) continue;
      part = tried;
      ++in_parts;
      break;
    }
    SegmentationPrompt prompt{.points = {first}, .box = {}, .mask = {}};
    const SegmentedMask answer = enlarged_answer(prompt, single);
    EXPECT_EQ(answer.mask, answer_in(part, prompt, single).mask);
    prompt.points.push_back({first.x + 30, first.y - 20, false});
    prompt.mask = answer.logits;
    EXPECT_EQ(enlarged_answer(prompt, single).mask, answer_in(part, prompt, single).mask);
    prompt.points.clear();
    EXPECT_THROW(enlarged_answer(prompt, single), std::invalid_argument) << "of which part?";
  }
  EXPECT_GT(in_parts, 0);  // else the test shows nothing
  EXPECT_LT(in_parts, std::ssize(firsts));
}

// A part in which the model sees nothing at the point may hold too little of the object.
TEST(EnlargedPredictor, WhereThereIsNoMaskLargerPartsAreTried) {
  Model blind = small_model();
  const torch::NoGradGuard no_grad;
  for (auto& item : blind->named_parameters())
    if (item.key().find("output_hypernetworks_mlps") != std::string::npos && item.key().find("proj_out") != std::string::npos)
      item.value().zero_();
  const auto plain = [&] { return std::make_unique<Predictor>(blind, ImageProcessor(image_processor(small_config()))); };
  const Image image = noise(150, 110);
  const SegmentationPrompt click{.points = {{70, 50}}, .box = {}, .mask = {}};
  const auto answer_of = [&](Segmenter& segmenter) { return segmenter.segment(image, {&click, 1}).objects.at(0).at(0); };
  const SegmentedMask whole = answer_of(*plain());
  EnlargedPredictor enlarged(plain(), 2);
  EXPECT_EQ(area(whole.mask), 0);
  EXPECT_EQ(answer_of(enlarged).predicted_iou, whole.predicted_iou);
}

TEST_F(EnlargedPredictors, TheSingleMaskAndAllThreeExcludeEachOther) {
  const SegmentationPrompt click{.points = {{70, 50}}, .box = {}, .mask = {}};
  const SegmentationOptions both{.multimask = true, .single = true};
  const auto whole = plain();
  for (Segmenter* segmenter : std::initializer_list<Segmenter*>{&enlarged_, whole.get()})
    EXPECT_EQ(testing::invalid_argument_of([&] { segmenter->segment(image_, {&click, 1}, both); }),
              "segment: expected three masks or the single one, not both");
}

TEST_F(EnlargedPredictors, ManyPromptsAtOnceAreAnsweredInTheirOrder) {
  const std::array prompts = {SegmentationPrompt{.points = {{140, 10}}, .box = {}, .mask = {}},
                              SegmentationPrompt{.points = {}, .box = Box{70, 50, 84, 62}, .mask = {}},
                              SegmentationPrompt{.points = {{20, 90}}, .box = {}, .mask = {}},
                              SegmentationPrompt{.points = {}, .box = Box{71, 50, 84, 62}, .mask = {}}};
  const auto together = enlarged_.segment(image_, prompts, {}).objects;
  ASSERT_EQ(together.size(), prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) EXPECT_EQ(together[i].at(0).mask, enlarged_answer(prompts[i]).mask) << i;
}

TEST_F(EnlargedPredictors, EmbeddingsAreNotKeptInFilesAndBelongToTheirModel) {
  const auto embedding = enlarged_.encode_image(image_);
  EXPECT_NE(testing::invalid_argument_of([&] { enlarged_.save_embedding(*embedding, "x"); }).find("enlarged parts"),
            std::string::npos);
  EXPECT_NE(testing::invalid_argument_of([&] { enlarged_.load_embedding("x", image_); }).find("enlarged parts"), std::string::npos);
  EnlargedPredictor other(plain(), 2);
  const SegmentationPrompt prompt{.points = {{5, 5}}, .box = {}, .mask = {}};
  EXPECT_NE(testing::invalid_argument_of([&] { other.segment_encoded(*embedding, {&prompt, 1}); }).find("that this segmenter made"),
            std::string::npos);
  EXPECT_NE(testing::invalid_argument_of([&] { enlarged_.encode_image(Image()); }).find("at least one pixel"), std::string::npos);
}

// A model's directory says how it looks; who loads it may say otherwise.
TEST_F(EnlargedPredictors, ADirectorySaysHowItsModelLooks) {
  const testing::TemporaryDirectory out;
  Viewing viewing{.enlargement = 2, .mask_generation = {}};
  viewing.mask_generation.points_per_side = 9;
  viewing.mask_generation.pred_iou_thresh = 0.5;
  save_model_directory(out / "model", *model(),
                       {.config = write_model_config(small_config()),
                        .processor = write_processor(image_processor(small_config()), small_config(), viewing)},
                       torch::kFloat32);
  const SegmentationPrompt prompt{.points = {}, .box = Box{70, 50, 84, 62}, .mask = {}};
  const auto mask_of = [&](const LoadOptions& options) {
    return load_segmenter(out / "model", options)->segment(image_, {&prompt, 1}).objects.at(0).at(0).mask;
  };
  EXPECT_EQ(mask_of({}), enlarged_answer(prompt).mask);
  EXPECT_EQ(mask_of({.enlargement = 1}), answer_in({0, 0, 150, 110}, prompt).mask);
  const AutomaticMaskOptions defaults = load_segmenter(out / "model")->automatic_defaults();
  EXPECT_EQ(defaults.points_per_side, 9);
  EXPECT_EQ(defaults.pred_iou_thresh, 0.5F);
  EXPECT_EQ(defaults.stability_score_thresh, 0.95F);
  EXPECT_EQ(defaults.enlargement, 2);
  EXPECT_NE(
      testing::invalid_argument_of([&] { load_segmenter(out / "model", {.enlargement = 0.5}); }).find("enlargement: expected"),
      std::string::npos);
  json file = read_json(out / "model/preprocessor_config.json");
  file["enlargement"] = "much";
  write_file(out / "model/preprocessor_config.json", file.dump());
  EXPECT_NE(testing::invalid_argument_of([&] { load_segmenter(out / "model"); }).find("enlargement"), std::string::npos);
}

TEST_F(EnlargedPredictors, EverythingIsFoundInPartsRatherThanCropLayers) {
  AutomaticMaskOptions options = enlarged_.automatic_defaults();
  options.points_per_side = 3;
  options.pred_iou_thresh = options.stability_score_thresh = 0;
  const AutomaticMaskResult result = enlarged_.segment_everything(image_, options);
  ASSERT_FALSE(result.masks.empty());
  bool in_a_part = false;
  for (const AutomaticMask& mask : result.masks) {
    in_a_part |= mask.crop_box.width() < 150;
    EXPECT_EQ(mask.mask.width, 150);
    EXPECT_FALSE(is_cut_off(mask.box, mask.crop_box, {150, 110}, 0));
  }
  EXPECT_TRUE(in_a_part);
  options.crop_n_layers = 1;
  EXPECT_NE(testing::invalid_argument_of([&] { enlarged_.segment_everything(image_, options); }).find("crop_n_layers: expected 0"),
            std::string::npos);
}

}  // namespace
}  // namespace omma::sam
