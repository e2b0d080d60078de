// Picture file in, boxes out, of a checkpoint and a YAML file in the authors' names, against the authors' post-processing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "tests/parity/glip/converted.h"

namespace omma::glip {
namespace {

constexpr float kScoreTolerance = 1e-4F, kPixelTolerance = 1e-2F;  // 1e-4 of a picture of about 100 pixels

class GlipDetector : public ::testing::TestWithParam<const char*> {
 protected:
  GlipDetector()
      : model_(GetParam()),
        expected_(testing::read_expected(model_.recorded / "reference.safetensors")),
        record_(read_json(model_.recorded / "reference.json")),
        detector_(load_detector(model_.directory())) {
    for (int i = 0; i < record_["pictures"].get<int>(); ++i)
      images_.push_back(read_image(model_.recorded / (fmt::format("picture{}.png", i))));
    names_.phrases = record_["prompts"]["names"]["names"].get<std::vector<std::string>>();
    caption_.caption = record_["prompts"]["caption"]["text"].get<std::string>();
  }

  // Each of the reference's is found, whatever the order of equal ones. Theirs end at the last pixel.
  void expect_found(const std::string& kind, std::size_t picture, const std::vector<Detection>& found,
                    const std::function<bool(const Detection&, int64_t label)>& has_label) {
    const std::string end = fmt::format(".{}", picture);
    const Tensor boxes = expected_.at(kind + ".boxes" + end), scores = expected_.at(kind + ".scores" + end);
    const Tensor labels = expected_.at(kind + ".labels" + end);
    ASSERT_EQ(static_cast<int64_t>(found.size()), scores.size(0));
    const auto width = static_cast<float>(images_[picture].width), height = static_cast<float>(images_[picture].height);
    for (int64_t i = 0; i < scores.size(0); ++i) {
      const auto side = [&](int64_t k) { return boxes[i][k].item<float>(); };
      const Box box{.x0 = side(0), .y0 = side(1), .x1 = std::min(side(2) + 1, width), .y1 = std::min(side(3) + 1, height)};
      const auto near = [](float a, float b) { return std::abs(a - b) <= kPixelTolerance; };
      const auto matches = std::ranges::count_if(found, [&](const Detection& each) {
        return near(each.box.x0, box.x0) && near(each.box.y0, box.y0) && near(each.box.x1, box.x1) && near(each.box.y1, box.y1) &&
               std::abs(each.score - scores[i].item<float>()) <= kScoreTolerance && has_label(each, labels[i].item<int64_t>());
      });
      EXPECT_EQ(matches, 1) << kind << " of picture " << picture << ", rank " << i << ": " << box.x0 << " " << box.y0 << " "
                            << box.x1 << " " << box.y1 << " " << scores[i].item<float>();
    }
  }

  Converted model_;
  std::map<std::string, Tensor> expected_;
  json record_;
  std::unique_ptr<Detector> detector_;
  std::vector<Image> images_;
  DetectionPrompt names_, caption_;
  const DetectionOptions all_{.box_threshold = 0.F, .text_threshold = 0.F, .nms = {}};
};

TEST_P(GlipDetector, Phrases) {
  const auto results = detector_->detect(images_, names_, all_);
  for (std::size_t i = 0; i < images_.size(); ++i)
    expect_found("names", i, results[i].detections, [&](const Detection& found, int64_t label) {
      return found.phrase_index == label && found.label == names_.phrases[static_cast<std::size_t>(label)];
    });
}

// The classes are the caption's sentences; with a text threshold of 0 all their words are the label.
TEST_P(GlipDetector, Caption) {
  const auto results = detector_->detect(images_, caption_, all_);
  const std::vector<std::string> sentences = {"a red cat", "the remote control pottedplant"};
  for (std::size_t i = 0; i < images_.size(); ++i)
    expect_found("caption", i, results[i].detections, [&](const Detection& found, int64_t label) {
      return !found.phrase_index && found.label == sentences[static_cast<std::size_t>(label)];
    });
}

TEST_P(GlipDetector, ScoresFallAndThresholdsHold) {
  const auto found = detector_->detect({images_.data(), 1}, names_, all_)[0].detections;
  EXPECT_TRUE(std::ranges::is_sorted(found, [](const auto& a, const auto& b) { return a.score > b.score; }));
  const float middle = found[found.size() / 2].score;
  const auto best = detector_->detect({images_.data(), 1}, names_, {.box_threshold = middle, .text_threshold = {}, .nms = {}});
  EXPECT_EQ(static_cast<std::ptrdiff_t>(best[0].detections.size()),
            std::ranges::count_if(found, [&](const Detection& each) { return each.score > middle; }));
}

TEST_P(GlipDetector, SameAloneAmongOthersAndFromAnEmbedding) {
  const Image& image = images_[0];
  Image flipped = image;
  std::ranges::reverse(flipped.data);
  const std::vector<Image> together = {flipped, image, image};
  const auto alone = detector_->detect({&image, 1}, names_, all_)[0].detections;
  const auto among = detector_->detect(together, names_, all_);
  const auto embedding = detector_->encode_image(image);
  const auto encoded = detector_->detect_encoded(*embedding, names_, all_).detections;
  for (const auto* other : {&among[1].detections, &among[2].detections, &encoded}) {
    ASSERT_EQ(alone.size(), other->size());
    for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_NEAR(alone[i].score, (*other)[i].score, kScoreTolerance);
  }
  EXPECT_THROW(load_detector(model_.directory())->detect_encoded(*embedding, names_, all_), std::invalid_argument);
}

// More phrases than fit one prompt are asked in several, and keep their numbers.
TEST_P(GlipDetector, LongListsOfPhrases) {
  DetectionPrompt many;
  for (int i = 0; i < 30; ++i) many.phrases.insert(many.phrases.end(), names_.phrases.begin(), names_.phrases.end());
  const DetectionOptions none_suppressed{.box_threshold = 0.F, .text_threshold = {}, .nms = 1.F};
  const auto found = detector_->detect({images_.data(), 1}, many, none_suppressed)[0].detections;
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(std::ranges::any_of(found, [](const Detection& each) { return each.phrase_index > 30; }));
  for (const Detection& each : found) EXPECT_EQ(each.label, many.phrases[static_cast<std::size_t>(each.phrase_index.value())]);
}

INSTANTIATE_TEST_SUITE_P(Cases, GlipDetector, ::testing::Values("fused", "unfused", "batch"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace omma::glip
