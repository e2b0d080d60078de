#include "omma/eval/caption_metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace omma {
namespace {

// By hand: 4 of 5 words and 2 of 3 bigrams are right; the closest references have 6 words.
TEST(CaptionMetrics, BleuCountsClippedNgramsOfTheCorpusAndPunishesBrevity) {
  const std::vector<CaptionCandidate> pictures = {
      {{"a", "red", "dog", "dog"}, {{"a", "red", "dog", "runs", "far"}, {"dog"}}},  // lengths 5 and 1: 5 is closer
      {{"car"}, {{"car"}}},
  };
  const CaptionMetrics metrics = caption_metrics(pictures);
  const double brevity = std::exp(1 - 6.0 / 5);
  EXPECT_NEAR(metrics.bleu[0], 4.0 / 5 * brevity, 1e-6);
  EXPECT_NEAR(metrics.bleu[1], std::sqrt(4.0 / 5 * 2 / 3) * brevity, 1e-6);
}

TEST(CaptionMetrics, OfTwoReferencesAsCloseTheShorterCounts) {
  const std::vector<CaptionCandidate> pictures = {{{"a", "b", "c"}, {{"a", "b", "c", "d", "e"}, {"a"}}}};
  EXPECT_NEAR(caption_metrics(pictures).bleu[0], 1, 1e-6);  // no shorter than 1 word
}

// Two pictures that share no words: each n-gram weighs log 2, so the cosine of equal texts is 1 for n up to their length.
TEST(CaptionMetrics, CiderOfEqualTextsIsTenForEveryOrderTheyHave) {
  const std::vector<CaptionCandidate> pictures = {{{"a", "red", "dog", "runs"}, {{"a", "red", "dog", "runs"}}},
                                                  {{"two", "cars"}, {{"two", "cars"}, {"two", "cars"}}}};
  const CaptionMetrics metrics = caption_metrics(pictures);
  ASSERT_EQ(metrics.picture_ciders.size(), 2U);
  EXPECT_NEAR(metrics.picture_ciders[0], 10, 1e-9);
  EXPECT_NEAR(metrics.picture_ciders[1], 5, 1e-9);  // no 3-grams and 4-grams
  EXPECT_NEAR(metrics.cider, 7.5, 1e-9);
}

// Cosine of words 2 / sqrt 6, of bigrams 1 / sqrt 2; lengths of 1 and 2 bigrams, so exp(-1/72).
TEST(CaptionMetrics, CiderPunishesLengthAndForgetsWordsOfAllPictures) {
  const std::vector<CaptionCandidate> pictures = {{{"red", "dog"}, {{"red", "dog", "runs"}}}, {{"car"}, {{"car"}}}};
  const double expected = 10.0 / 4 * (2 / std::sqrt(6.0) + 1 / std::sqrt(2.0)) * std::exp(-1.0 / 72);
  EXPECT_NEAR(caption_metrics(pictures).picture_ciders[0], expected, 1e-9);
  const std::vector<CaptionCandidate> common = {{{"dog"}, {{"dog"}}}, {{"dog"}, {{"dog"}}}};
  EXPECT_EQ(caption_metrics(common).cider, 0);
}

TEST(CaptionMetrics, RefusesWhatCannotBeJudged) {
  EXPECT_THROW(caption_metrics({}), std::invalid_argument);
  EXPECT_THROW(caption_metrics(std::vector<CaptionCandidate>{{{"a"}, {}}}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
