// Picture file in, boxes out: processor, tokenizer, model and post-processing against transformers 5 and 4.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/registry.h"
#include "tests/parity/reference.h"

namespace omma::grounding_dino {
namespace {

constexpr float kScoreTolerance = 1e-4F, kPixelTolerance = 2e-2F;  // 1e-4 of a picture of about 100 pixels

class DetectorParity : public ::testing::TestWithParam<const char*> {
 protected:
  DetectorParity()
      : directory_(testing::parity_directory("detector") / GetParam()),
        expected_(read_json(directory_ / "expected.json")),
        image_(read_image(directory_ / "picture.png")),
        detector_(load_detector(directory_)) {}

  // Queries of the reference by falling score.
  static std::vector<std::size_t> ranking(const std::vector<float>& scores) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    return order;
  }

  void expect_detections(const std::vector<Detection>& found, const std::vector<float>& scores) const {
    const auto order = ranking(scores);
    ASSERT_EQ(found.size(), order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      EXPECT_NEAR(found[i].score, scores[order[i]], kScoreTolerance) << i;
      const auto box = expected_["boxes"][order[i]].get<std::vector<float>>();
      const float ours[] = {found[i].box.x0, found[i].box.y0, found[i].box.x1, found[i].box.y1};
      for (std::size_t side = 0; side < 4; ++side)
        EXPECT_NEAR(ours[side], box[side], kPixelTolerance) << "rank " << i << " side " << side;
    }
  }

  std::filesystem::path directory_;
  json expected_;
  Image image_;
  std::unique_ptr<Detector> detector_;
};

TEST_P(DetectorParity, Caption) {
  const DetectionPrompt prompt{.phrases = {}, .caption = expected_["caption"].get<std::string>()};
  const auto results = detector_->detect({&image_, 1}, prompt, {.box_threshold = 0.F, .text_threshold = {}, .nms = {}});
  expect_detections(results[0].detections, expected_["scores"].get<std::vector<float>>());
}

TEST_P(DetectorParity, Phrases) {
  const DetectionPrompt prompt{.phrases = expected_["phrases"].get<std::vector<std::string>>(), .caption = {}};
  const auto results = detector_->detect({&image_, 1}, prompt, {.box_threshold = 0.F, .text_threshold = {}, .nms = {}});
  std::vector<float> best;
  for (const json& row : expected_["phrase_scores"]) {
    const auto scores = row.get<std::vector<float>>();
    best.push_back(*std::ranges::max_element(scores));
  }
  expect_detections(results[0].detections, best);
  for (const Detection& detection : results[0].detections)
    EXPECT_EQ(detection.label, prompt.phrases[static_cast<std::size_t>(detection.phrase_index.value())]);
}

TEST_P(DetectorParity, SameAloneAndAmongOthers) {
  const DetectionPrompt prompt{.phrases = expected_["phrases"].get<std::vector<std::string>>(), .caption = {}};
  const DetectionOptions all{.box_threshold = 0.F, .text_threshold = {}, .nms = {}};
  Image flipped = image_;
  std::ranges::reverse(flipped.data);
  const std::vector<Image> together = {flipped, image_, image_};
  const auto alone = detector_->detect({&image_, 1}, prompt, all), among = detector_->detect(together, prompt, all);
  ASSERT_EQ(among.size(), 3U);
  ASSERT_EQ(alone[0].detections.size(), among[1].detections.size());
  for (std::size_t i = 0; i < alone[0].detections.size(); ++i) {
    EXPECT_NEAR(alone[0].detections[i].score, among[1].detections[i].score, kScoreTolerance);
    EXPECT_NEAR(alone[0].detections[i].box.x0, among[2].detections[i].box.x0, kPixelTolerance);
  }
}

// One encoding of the picture serves every prompt, and no other detector.
TEST_P(DetectorParity, SameFromAnEmbedding) {
  const DetectionOptions all{.box_threshold = 0.F, .text_threshold = {}, .nms = {}};
  const auto embedding = detector_->encode_image(image_);
  DetectionPrompt phrases{.phrases = expected_["phrases"].get<std::vector<std::string>>(), .caption = {}};
  const DetectionPrompt caption{.phrases = {}, .caption = expected_["caption"].get<std::string>()};
  for (const DetectionPrompt& prompt : {phrases, caption, phrases}) {
    const auto whole = detector_->detect({&image_, 1}, prompt, all)[0].detections;
    const auto encoded = detector_->detect_encoded(*embedding, prompt, all).detections;
    ASSERT_EQ(whole.size(), encoded.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(whole[i].label, encoded[i].label);
      EXPECT_NEAR(whole[i].score, encoded[i].score, kScoreTolerance);
      EXPECT_NEAR(whole[i].box.x0, encoded[i].box.x0, kPixelTolerance);
    }
  }
  EXPECT_THROW(load_detector(directory_)->detect_encoded(*embedding, caption, all), std::invalid_argument);
  EXPECT_THROW(detector_->detect_encoded(KeptImage(image_), caption, all), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Cases, DetectorParity, ::testing::Values("transformers5", "transformers4", "padded", "mm"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace omma::grounding_dino
