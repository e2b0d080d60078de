// SAM against transformers (tools/parity/sam.py): embeddings, masks of every mix of prompts, picture file to mask, gradients.
#include <gtest/gtest.h>

#include <cstdlib>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/registry.h"
#include "omma/models/sam/predictor.h"
#include "omma/models/sam/processor.h"
#include "omma/nn/model_directory.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma::sam {
namespace {

constexpr double tolerance = 1e-4;
using testing::expect_close;

class SamParity : public ::testing::TestWithParam<std::string> {
 protected:
  SamParity()
      : directory_(testing::parity_directory("sam") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")),
        predictor_(directory_) {}

  Tensor expected(const std::string& name) const {
    const auto found = expected_.find(name);
    return found == expected_.end() ? Tensor() : found->second;
  }

  Image image(const std::string& i) const { return read_image(directory_ / ("picture" + i + ".png")); }

  // The model's own frame's prompts, three objects.
  Prompts prompts(const std::string& name, const json& prompt, const std::string& masks) const {
    Prompts tensors{.points = expected(name + "input_points"), .labels = {}, .boxes = expected(name + "input_boxes"), .masks = {}};
    if (tensors.points.defined()) {
      std::vector<int64_t> labels;
      for (const json& each : prompt["labels"])
        for (const json& label : each) labels.push_back(label);
      tensors.points = tensors.points.to(torch::kFloat32);
      tensors.labels = torch::tensor(labels).view({3, -1});
    }
    if (tensors.boxes.defined()) tensors.boxes = tensors.boxes.to(torch::kFloat32);
    if (prompt.contains("mask")) tensors.masks = expected(masks);
    return tensors;
  }

  // The picture's own pixels' prompts.
  std::vector<SegmentationPrompt> objects(const json& prompt, const Tensor& masks) const {
    std::vector<SegmentationPrompt> objects(3);
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (prompt.contains("points"))
        for (std::size_t k = 0; k < prompt["points"][i].size(); ++k)
          objects[i].points.push_back(
              {prompt["points"][i][k][0].get<float>(), prompt["points"][i][k][1].get<float>(), prompt["labels"][i][k] == 1});
      if (prompt.contains("boxes")) {
        const auto corners = prompt["boxes"][i].get<std::array<float, 4>>();
        objects[i].box = Box{corners[0], corners[1], corners[2], corners[3]};
      }
      if (!prompt.contains("mask")) continue;
      const Tensor mask = masks[static_cast<int64_t>(i)][0].contiguous();
      const auto* values = mask.const_data_ptr<float>();
      objects[i].mask = MaskLogits{.width = static_cast<int>(mask.size(1)),
                                   .height = static_cast<int>(mask.size(0)),
                                   .values = std::vector<float>(values, values + mask.numel())};
    }
    return objects;
  }

  // Binary masks may differ where a logit is within 1e-3 of 0, in at most .1 % of the picture.
  static void expect_same_mask(const Tensor& logits, const RunLengths& mask) {
    const Mask pixels = decode(mask);
    const Tensor set =
        torch::from_blob(const_cast<std::uint8_t*>(pixels.data.data()), {pixels.height, pixels.width}, torch::kUInt8);
    const Tensor differ = set.to(torch::kBool) != (logits > 0);
    if (logits.is_floating_point()) {
      EXPECT_EQ((differ & (logits.abs() > 1e-3)).sum().item<int64_t>(), 0);
    }
    EXPECT_LE(differ.sum().item<int64_t>(), std::max<int64_t>(logits.is_floating_point() ? 1 : 0, logits.numel() / 1000));
  }

  void expect_answers() {
    for (const auto& [i, kinds] : record_.items()) {
      const auto embedding = predictor_.encode_image(image(i));
      expect_close("embedding", expected(i + ".embedding"), static_cast<const Embedding&>(*embedding).map, tolerance);
      for (const auto& [kind, prompt] : kinds.items()) {
        SCOPED_TRACE(i + " " + kind);
        const std::string name = i + "." + kind + ".";
        const auto objects = this->objects(prompt, expected(i + ".masks"));
        const SegmentationResult all = predictor_.segment_encoded(*embedding, objects, {.multimask = true, .logits = true});
        const SegmentationResult one = predictor_.segment_encoded(*embedding, objects, {.multimask = false, .logits = true});
        for (std::size_t k = 0; k < objects.size(); ++k) {
          const Tensor whole = expected(name + "whole")[static_cast<int64_t>(k)],
                       iou = expected(name + "iou")[static_cast<int64_t>(k)];
          ASSERT_EQ(static_cast<int64_t>(all.objects[k].size()) + 1, whole.size(0));
          for (std::size_t m = 0; m < all.objects[k].size(); ++m) {
            const auto row = static_cast<int64_t>(m) + 1;
            expect_same_mask(whole[row], all.objects[k][m].mask);
            EXPECT_NEAR(all.objects[k][m].predicted_iou, iou[row].item<float>(), tolerance);
          }
          const int64_t best = kind == "point" ? 1 + iou.narrow(0, 1, iou.size(0) - 1).argmax().item<int64_t>() : 0;
          expect_same_mask(whole[best], one.objects[k].at(0).mask);
        }
      }
    }
  }

  std::filesystem::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  Predictor predictor_;
};

TEST_P(SamParity, LogitsAndScores) {
  const c10::InferenceMode inference;
  for (const auto& [i, kinds] : record_.items()) {
    const Tensor embedding = predictor_.model()->encode_image(expected(i + ".pixels"));
    expect_close("embedding", expected(i + ".embedding"), embedding, tolerance);
    for (const auto& [kind, prompt] : kinds.items()) {
      SCOPED_TRACE(i + " " + kind);
      const std::string name = i + "." + kind + ".";
      const DecodedMasks masks = predictor_.model()(embedding, prompts(name, prompt, i + ".masks"));
      expect_close("logits", expected(name + "logits"), masks.logits, tolerance);
      expect_close("iou", expected(name + "iou"), masks.iou, tolerance);
    }
  }
}

TEST_P(SamParity, PictureFileToMasks) { expect_answers(); }

TEST_P(SamParity, LossAndGradients) {
  Model& model = predictor_.model();
  model->train();
  const DecodedMasks masks = model(model->encode_image(expected("0.pixels")), Prompts{.points = expected("gradient_points"),
                                                                                      .labels = torch::ones({3, 2}, torch::kLong),
                                                                                      .boxes = expected("gradient_boxes"),
                                                                                      .masks = {}});
  const Tensor logits = masks.logits.slice(1, 1).contiguous();
  const Tensor weights = torch::cos(torch::arange(logits.numel(), torch::kFloat32)).view_as(logits);
  const Tensor loss = (logits * weights).sum() + masks.iou.slice(1, 1).sum();
  expect_close("loss", expected("loss"), loss.reshape({1}), 1e-3);
  loss.backward();
  std::size_t compared = 0;
  for (const auto& parameter : model->named_parameters()) {
    const auto found = expected_.find("gradient." + parameter.key());
    if (found == expected_.end() || (found->second == 0).all().item<bool>()) continue;
    ASSERT_TRUE(parameter.value().grad().defined()) << parameter.key();
    const double size = std::max(1.0, found->second.abs().max().item<double>());
    expect_close(parameter.key(), found->second, parameter.value().grad(), tolerance * size);
    ++compared;
  }
  EXPECT_GT(compared, 80U);
}

const std::vector<std::string> small_cases = {"windows", "windows_transformers4", "global", "plain"};

INSTANTIATE_TEST_SUITE_P(Configurations, SamParity, ::testing::ValuesIn(small_cases), [](const auto& test) { return test.param; });

TEST(SamSaved, TransformersLoadsIt) {
  const testing::TemporaryDirectory directory;
  std::vector<std::filesystem::path> pairs;
  for (const std::string& name : small_cases) {
    const std::filesystem::path recorded = testing::parity_directory("sam") / name, saved = directory / name;
    Predictor predictor(recorded);
    const Config& config = predictor.model()->config();
    save_model_directory(saved, *predictor.model(),
                         {.config = write_model_config(config), .processor = write_processor(image_processor(config), config, {})},
                         torch::kFloat32);
    pairs.insert(pairs.end(), {saved, recorded});
  }
  EXPECT_TRUE(testing::compares_equal("check_sam.py", pairs));
}

// ViT-B at 1024, on demand: make parity-full.
class SamFullSizeParity : public SamParity {};
TEST_P(SamFullSizeParity, PictureFileToMasks) { expect_answers(); }
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SamFullSizeParity);
INSTANTIATE_TEST_SUITE_P(FullSize, SamFullSizeParity, ::testing::ValuesIn(testing::exported("sam", {"vit_b"})),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace omma::sam
