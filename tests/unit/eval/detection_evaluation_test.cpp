#include "omma/eval/detection_evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "omma/base/rng.h"
#include "tests/unit/eval/scripted_detector.h"

namespace omma {
namespace {

using testing::asked;
using testing::found;
using testing::questions;
using testing::ScriptedDetector;

const std::vector<std::string> kClasses = {"cat", "dog"};

// Three pictures, worked out by hand. At .35: right cat .9 and dog .5; wrong cat .6 (its cat is taken) and dog .7 (no dog there);
// missed the second cat; neither right nor wrong cat .8.
DetectionQuestions three_pictures() {
  return questions({asked(kClasses, {{0, {0, 0, 10, 10}}, {0, {20, 0, 30, 10}}, {1, {40, 40, 60, 60}}}),
                    asked(kClasses, {{.phrase = 0, .box = {0, 0, 10, 10}, .ignore = true}}), asked(kClasses, {})},
                   kClasses);
}

ScriptedDetector three_answers() {
  return ScriptedDetector({{found(0, 0.9F, {0, 0, 10, 10}), found(0, 0.6F, {0, 0, 10, 9}), found(1, 0.5F, {40, 40, 60, 55}),
                            found(1, 0.3F, {0, 80, 10, 90})},
                           {found(0, 0.8F, {0, 0, 10, 9}), found(1, 0.7F, {50, 50, 60, 60})},
                           {}});
}

TEST(EvaluateDetection, RightWrongAndMissedAtTheThreshold) {
  ScriptedDetector detector = three_answers();
  const DetectionEvaluation figures = evaluate_detection(detector, three_pictures());
  EXPECT_DOUBLE_EQ(figures.precision, 2.0 / 4);
  EXPECT_DOUBLE_EQ(figures.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(figures.f1, 4.0 / 7);
  EXPECT_EQ(figures.pictures, 3U);
  EXPECT_EQ(figures.phrases, kClasses);
  EXPECT_EQ(detector.prompts.at(1).phrases, kClasses);
  const json object = figures.to_json();
  EXPECT_EQ(object["f1"], figures.f1);
  EXPECT_EQ(object["per_class"]["dog"]["ap50"], figures.coco.category_ap50[1]);
}

TEST(EvaluateDetection, AbsentPhrasesThatAreFound) {
  ScriptedDetector detector = three_answers();
  const DetectionEvaluation figures = evaluate_detection(detector, three_pictures());
  EXPECT_EQ(figures.absent, 3);  // the dogs of the second and third picture and the third's cat; not the ignored cat
  EXPECT_DOUBLE_EQ(figures.absent_rate, 1.0 / 3);
  DetectionEvaluationOptions strict;
  strict.threshold = 0.75F;
  EXPECT_EQ(evaluate_detection(detector, three_pictures(), strict).absent_rate, 0);
}

// True cats 2, 0, 0 counted 2, 1, 0; true dogs 1, 0, 0 counted 1, 1, 0. Blind is always 0.
TEST(EvaluateDetection, CountsBesideAlwaysTheMostFrequentCount) {
  ScriptedDetector detector = three_answers();
  const auto counting = evaluate_detection(detector, three_pictures()).counting;
  EXPECT_DOUBLE_EQ(counting.at("cat").said.mean_error, 1.0 / 3);
  EXPECT_DOUBLE_EQ(counting.at("cat").said.exact, 2.0 / 3);
  EXPECT_DOUBLE_EQ(counting.at("cat").most_frequent.mean_error, 2.0 / 3);
  EXPECT_DOUBLE_EQ(counting.at("cat").most_frequent.exact, 2.0 / 3);
  EXPECT_DOUBLE_EQ(counting.at("dog").said.mean_error, 1.0 / 3);
  EXPECT_DOUBLE_EQ(counting.at("dog").most_frequent.mean_error, 1.0 / 3);
}

// A training split of two pictures: one and two cats, no dog; a crowd and what is ignored are not counted.
TEST(EvaluateDetection, CountsBesideAlwaysTheTrainingSplitsMean) {
  const std::vector<testing::Truth> two_cats = {
      {0, {0, 0, 10, 10}}, {0, {20, 0, 30, 10}}, {0, {0, 0, 90, 90}, true}, {1, {0, 0, 10, 10}, false, true}};
  const TrainingCounts training =
      training_counts(questions({asked(kClasses, {{0, {0, 0, 10, 10}}}), asked(kClasses, two_cats)}, kClasses));
  EXPECT_EQ(training.means, (std::map<std::string, double>{{"cat", 1.5}, {"dog", 0}}));
  ScriptedDetector detector = three_answers();
  const json figures = evaluate_detection(detector, three_pictures(), {.training = training}).to_json();
  EXPECT_DOUBLE_EQ(figures["counting"]["cat"]["mean_mae"], (0.5 + 1.5 + 1.5) / 3);
  EXPECT_DOUBLE_EQ(figures["counting"]["dog"]["mean_mae"], 1.0 / 3);
  EXPECT_DOUBLE_EQ(figures["counting_overall"]["mean_mae"], 4.5 / 6);
  EXPECT_DOUBLE_EQ(figures["counting_overall"]["mae"], 2.0 / 6);
  EXPECT_DOUBLE_EQ(figures["counting_overall"]["blind_mae"], 3.0 / 6);
  EXPECT_FALSE(figures.contains("mean_mae_absent"));
}

TEST(EvaluateDetection, SaysWhyThereIsNoMean) {
  ScriptedDetector detector = three_answers();
  const json figures =
      evaluate_detection(detector, three_pictures(), {.training = {.means = {}, .absent = "no train split"}}).to_json();
  EXPECT_EQ(figures["mean_mae_absent"], "no train split");
  EXPECT_FALSE(figures["counting_overall"].contains("mean_mae"));
}

TEST(EvaluateDetection, AnOpenSetCountsTogetherAndTellsPhrasesApart) {
  const Box box{10, 10, 30, 30};
  const auto one = questions({asked({"red dog", "blue dog"}, {{0, box}}), asked({}, {}), asked({"blue cat"}, {})});
  ScriptedDetector right({{found(0, 0.9F, box)}, {}}), other({{found(1, 0.9F, box)}, {}});
  const DetectionEvaluation good = evaluate_detection(right, one), bad = evaluate_detection(other, one);
  EXPECT_EQ(good.pictures, 2U);  // a picture without phrases is not asked
  EXPECT_NEAR(good.coco.ap50, 1, 1e-9);
  EXPECT_EQ(bad.coco.ap50, 0);
  EXPECT_EQ(bad.recall, 0);
  EXPECT_DOUBLE_EQ(good.counting.at("any").said.exact, 1);
  EXPECT_DOUBLE_EQ(bad.counting.at("any").said.exact, 1.0 / 3);
  EXPECT_DOUBLE_EQ(bad.absent_rate, 1.0 / 2);
}

TEST(EvaluateDetection, CrowdsAndIgnoredObjectsAreNeitherRightNorWrong) {
  const std::vector<testing::Truth> truths = {{.phrase = 0, .box = {0, 0, 100, 50}, .crowd = true},
                                              {.phrase = 0, .box = {60, 60, 80, 80}},
                                              {.phrase = 0, .box = {60, 60, 80, 82}, .ignore = true}};
  ScriptedDetector detector({{found(0, 0.9F, {60, 60, 80, 82}),  // closer to the ignored one, yet it finds the one that counts
                              found(0, 0.8F, {10, 10, 20, 20}), found(0, 0.7F, {30, 10, 40, 20})}});
  const DetectionEvaluation figures = evaluate_detection(detector, questions({asked({"sheep"}, truths)}));
  EXPECT_DOUBLE_EQ(figures.precision, 1);
  EXPECT_DOUBLE_EQ(figures.recall, 1);
}

TEST(ChooseThreshold, TakesTheLowestOfTheBest) {
  const auto picture = questions({asked({"cat"}, {{0, {0, 0, 10, 10}}, {0, {20, 0, 30, 10}}, {0, {40, 0, 50, 10}}})});
  ScriptedDetector detector({{found(0, 0.8F, {0, 0, 10, 10}), found(0, 0.6F, {20, 0, 30, 10}), found(0, 0.5F, {70, 0, 80, 10}),
                              found(0, 0.4F, {0, 70, 10, 80})}});
  const ThresholdChoice choice = choose_threshold(detector, picture);
  EXPECT_FLOAT_EQ(choice.threshold, 0.51F);  // above .5 only what is right is left: F1 4/5
  EXPECT_DOUBLE_EQ(choice.f1, 4.0 / 5);
  EXPECT_DOUBLE_EQ(choice.precision, 1);
  EXPECT_DOUBLE_EQ(choice.recall, 2.0 / 3);
}

// Random pictures and answers: each detection's phrase, in turn by score, takes the best free truth.
struct RandomCase {
  std::vector<DetectionQuestion> asked;
  std::vector<std::vector<Detection>> answers;

  explicit RandomCase(std::uint64_t seed) {
    Rng rng(seed);
    const auto box = [&](float jitter) {
      const auto x = static_cast<float>(20 * rng.between(0, 3)), y = static_cast<float>(20 * rng.between(0, 3));
      const auto shift = [&] { return static_cast<float>(rng.uniform(-jitter, jitter)); };
      return Box{x + shift(), y + shift(), x + 20 + shift(), y + 20 + shift()};
    };
    for (int picture = 0; picture < 6; ++picture) {
      std::vector<testing::Truth> truths;
      for (int i = rng.between(0, 6); i > 0; --i) truths.push_back({.phrase = rng.between(0, 2), .box = box(3)});
      asked.push_back(testing::asked({"a", "b", "c"}, truths));
      std::vector<Detection> detections;
      for (int i = rng.between(0, 12); i > 0; --i)
        detections.push_back(found(rng.between(0, 2), static_cast<float>(rng.uniform(0.02, 1)), box(6)));
      std::ranges::sort(detections, std::ranges::greater{}, &Detection::score);
      answers.push_back(detections);
    }
  }
};

double slow_f1(const RandomCase& sample, float threshold) {
  double right = 0, said = 0, there = 0;
  for (std::size_t i = 0; i < sample.asked.size(); ++i) {
    there += static_cast<double>(sample.asked[i].targets.size());
    for (int phrase = 0; phrase < 3; ++phrase) {
      std::vector<Box> left;
      for (const DetectionTarget& target : sample.asked[i].targets)
        if (target.class_index == phrase) left.push_back(target.box);
      for (const Detection& detection : sample.answers[i]) {
        if (detection.phrase_index != phrase || detection.score < threshold) continue;
        ++said;
        const auto best =
            std::ranges::max_element(left, {}, [&](const Box& truth) { return intersection_over_union(truth, detection.box); });
        if (best == left.end() || intersection_over_union(*best, detection.box) < 0.5F) continue;
        ++right;
        left.erase(best);
      }
    }
  }
  return said + there == 0 ? 0 : 2 * right / (said + there);
}

TEST(ChooseThreshold, AgreesWithASlowSearchOnRandomPictures) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const RandomCase sample(seed);
    ScriptedDetector detector(sample.answers);
    float expected = 0.35F;
    double best = 0;
    for (int percent = 5; percent <= 90; ++percent) {
      const float threshold = static_cast<float>(percent) / 100;
      const double f1 = slow_f1(sample, threshold);
      if (f1 > best) std::tie(best, expected) = std::pair(f1, threshold);
      if (percent % 17 != 0) continue;
      DetectionEvaluationOptions options;
      options.threshold = threshold;
      EXPECT_NEAR(evaluate_detection(detector, questions(sample.asked), options).f1, f1, 1e-12) << seed << " at " << threshold;
    }
    const ThresholdChoice choice = choose_threshold(detector, questions(sample.asked));
    EXPECT_NEAR(choice.f1, best, 1e-12) << seed;
    EXPECT_EQ(choice.threshold, expected) << seed;
  }
}

}  // namespace
}  // namespace omma
