// Whole models in the authors' names (tools/parity/sam_original.py): converted, prompted, and asked for everything, against the
// authors' own code.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/data/world_masks.h"
#include "omma/io/image_file.h"
#include "omma/models/registry.h"
#include "omma/models/sam/predictor.h"
#include "omma/vision/run_lengths.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma::sam {
namespace {

constexpr double tolerance = 1e-4;

class SamOriginal : public ::testing::TestWithParam<std::string> {
 protected:
  std::filesystem::path directory_ = testing::parity_directory("sam_original") / GetParam();
  std::map<std::string, Tensor> expected_ = testing::read_expected(directory_ / "expected.safetensors");
  Image image_ = read_image(directory_ / "picture.png");

  MaskLogits logits_of(const std::string& prompt) const {
    const Tensor mask = expected_.at(prompt + ".single.logits")[0].contiguous();
    const auto* values = mask.const_data_ptr<float>();
    return {.width = static_cast<int>(mask.size(1)),
            .height = static_cast<int>(mask.size(0)),
            .values = std::vector<float>(values, values + mask.numel())};
  }

  SegmentationPrompt prompt_of(const json& record) const {
    SegmentationPrompt prompt;
    if (record.contains("points"))
      for (std::size_t i = 0; i < record["points"].size(); ++i)
        prompt.points.push_back(
            {record["points"][i][0].get<float>(), record["points"][i][1].get<float>(), record["labels"][i] == 1});
    if (record.contains("box")) {
      const auto corners = record["box"].get<std::array<float, 4>>();
      prompt.box = Box{corners[0], corners[1], corners[2], corners[3]};
    }
    if (record.contains("mask")) prompt.mask = logits_of(record["mask"]);
    return prompt;
  }

  // Random weights make logits of 20 and more, of which the last bits depend on the processor's order of sums.
  static void expect_logits(const std::string& name, const Tensor& expected, const Tensor& got) {
    testing::expect_close(name, expected, got, std::max(tolerance, 2e-5 * expected.abs().max().item<double>()));
  }

  void expect_answers(Predictor& predictor) {
    const auto embedding = predictor.encode_image(image_);
    const auto& own = static_cast<const Embedding&>(*embedding);
    testing::expect_close("embedding", expected_.at("embedding"), own.map, tolerance);
    std::size_t asked = 0;
    const json prompts = read_json(directory_ / "prompts.json");
    for (const auto& [name, record] : prompts.items()) {
      if (!expected_.contains(name + ".single.logits") || record.contains("boxes")) continue;
      SCOPED_TRACE(name);
      const SegmentationPrompt prompt = prompt_of(record);
      const SegmentationPrompt* const one = &prompt;
      const DecodedMasks masks = predictor.decode(own, {&one, 1});
      expect_logits("single", expected_.at(name + ".single.logits"), masks.logits[0].narrow(0, 0, 1));
      expect_logits("many", expected_.at(name + ".multimask.logits"), masks.logits[0].narrow(0, 1, 3));
      testing::expect_close("iou", expected_.at(name + ".multimask.iou"), masks.iou[0].narrow(0, 1, 3), tolerance);
      ++asked;
    }
    EXPECT_GE(asked, 8U);
  }
};

TEST_P(SamOriginal, ADirectoryAnswersAsTheAuthorsCode) {
  Predictor predictor(directory_);
  expect_answers(predictor);
}

TEST_P(SamOriginal, TheAuthorsFileIsConverted) {
  const testing::TemporaryDirectory converted;
  convert_model(directory_ / "authors.pth", converted / "model", directory_ / "config.json");
  Predictor predictor(converted / "model");
  expect_answers(predictor);
}

AutomaticMaskOptions automatic_options(const json& record) {
  AutomaticMaskOptions options;
  options.points_per_side = record["points_per_side"];
  options.points_per_batch = record["points_per_batch"];
  options.pred_iou_thresh = record["pred_iou_thresh"];
  options.stability_score_thresh = record["stability_score_thresh"];
  options.stability_score_offset = record["stability_score_offset"];
  options.box_nms_thresh = record["box_nms_thresh"];
  options.crop_n_layers = record["crop_n_layers"];
  options.crop_nms_thresh = record["crop_nms_thresh"];
  options.crop_overlap_ratio = record["crop_overlap_ratio"];
  options.crop_n_points_downscale_factor = record["crop_n_points_downscale_factor"];
  options.min_mask_region_area = record["min_mask_region_area"];
  return options;
}

std::vector<RunLengths> masks_of(const json& record) {
  std::vector<RunLengths> masks;
  for (const json& mask : record["masks"]) {
    const json& rle = mask["segmentation"];
    masks.push_back(decompress(rle["counts"].get<std::string>(), rle["size"][1], rle["size"][0]));
  }
  return masks;
}

TEST_P(SamOriginal, EverythingIsWhatTheAuthorsGeneratorFinds) {
  Predictor predictor(directory_);
  for (const char* name : {"plain", "batches", "crops", "small_regions"}) {
    SCOPED_TRACE(name);
    const json record = read_json(directory_ / "automatic" / (std::string(name) + ".json"));
    const AutomaticMaskResult found = predictor.segment_everything(image_, automatic_options(record["options"]));
    ASSERT_EQ(found.masks.size(), record["masks"].size());
    ASSERT_GT(found.masks.size(), 3U);
    const std::vector<RunLengths> wanted = masks_of(record);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const json& mask = record["masks"][i];
      const auto same = [&](const AutomaticMask& each) {
        return std::abs(each.predicted_iou - mask["predicted_iou"].get<float>()) < tolerance &&
               std::abs(each.stability - mask["stability_score"].get<float>()) < 0.02 &&
               std::abs(each.point_x - mask["point_coords"][0][0].get<float>()) < 1e-3 &&
               std::abs(each.point_y - mask["point_coords"][0][1].get<float>()) < 1e-3 &&
               each.crop_box.x0 == mask["crop_box"][0].get<float>() && each.crop_box.width() == mask["crop_box"][2].get<float>() &&
               intersection_over_union(each.mask, wanted[i]) >= 0.99;
      };
      EXPECT_EQ(std::ranges::count_if(found.masks, same), 1) << mask.dump().substr(0, 300);
    }
  }
}

// How many of `wanted` are among `found` at IoU .99.
std::int64_t matched(const std::vector<RunLengths>& wanted, const std::vector<RunLengths>& found) {
  return std::ranges::count_if(wanted, [&](const RunLengths& mask) {
    return std::ranges::any_of(found, [&](const RunLengths& each) { return intersection_over_union(mask, each) >= 0.99; });
  });
}

// The zoo's model on scenes of the world, by thresholds that keep doubtful masks, too; without crops and with.
TEST(SamZoo, EverythingIsWhatTheAuthorsGeneratorFinds) {
  const testing::TemporaryDirectory out;
  Predictor predictor("zoo/sam-nano");
  std::int64_t total = 0, same = 0;
  for (const auto& [number, crops] : {std::pair<std::uint64_t, int>{3, 0}, {4, 1}}) {
    const Image image = make_masked_scene(7, number, {.size = 160, .variety = 0.5, .emblems = 0.5}).image;
    write_image(out / "scene.png", image);
    AutomaticMaskOptions options = predictor.automatic_defaults();
    options.pred_iou_thresh = 0.4F;
    options.stability_score_thresh = 0.6F;
    options.box_nms_thresh = 0.7F;
    options.crop_n_layers = crops;
    options.crop_n_points_downscale_factor = 2;
    const std::string command = fmt::format(
        ".venv-mobilesam/bin/python -W ignore tools/parity/sam_original/automatic_masks.py --model zoo/sam-nano "
        "--image '{0}/scene.png' --out '{0}/masks.json' --points-per-side {1} --pred-iou-thresh {2} --stability-score-thresh {3} "
        "--box-nms-thresh {4} --crop-n-layers {5} --crop-n-points-downscale-factor 2 >'{0}/log' 2>&1",
        out.path().string(), options.points_per_side, options.pred_iou_thresh, options.stability_score_thresh,
        options.box_nms_thresh, crops);
    ASSERT_EQ(std::system(command.c_str()), 0) << read_file(out / "log");
    const std::vector<RunLengths> theirs = masks_of(read_json(out / "masks.json"));
    std::vector<RunLengths> ours;
    for (const AutomaticMask& mask : predictor.segment_everything(image, options).masks) ours.push_back(mask.mask);
    ASSERT_GT(theirs.size(), 5U);
    total += static_cast<std::int64_t>(theirs.size() + ours.size());
    same += matched(theirs, ours) + matched(ours, theirs);
  }
  RecordProperty("masks", fmt::format("{} of {}", same, total));
  EXPECT_GE(100 * same, 99 * total);
}

INSTANTIATE_TEST_SUITE_P(Models, SamOriginal, ::testing::Values("vit", "tiny_vit_sam"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace omma::sam
