#include "omma/eval/matching_evaluation.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

// Knows the words that it likes; never looks at the picture.
class WordMatcher : public Matcher {
 public:
  explicit WordMatcher(bool has_itm = true) : has_itm_(has_itm) {}
  bool has_itm() const override { return has_itm_; }
  std::vector<MatchResult> match(std::span<const Image> images, std::span<const std::string> texts, const MatchOptions&) override {
    std::vector<MatchResult> results(images.size());
    for (const std::string& text : texts)
      results[0].matches.push_back(has_itm_ ? TextMatch{.itm = score(text), .itc = {}, .probability = {}}
                                            : TextMatch{.itm = {}, .itc = score(text), .probability = {}});
    return results;
  }
  std::vector<std::vector<float>> embed_images(std::span<const Image>) override { return {}; }
  std::vector<std::vector<float>> embed_texts(std::span<const std::string>) override { return {}; }

 private:
  static float score(const std::string& text) {
    if (text.find("free shipping") != std::string::npos) return 0.1F;
    return text.find("red") != std::string::npos ? 0.9F : 0.6F;
  }
  bool has_itm_;
};

TEST(MatchingEvaluation, CountsPairsByTheirNoise) {
  WordMatcher matcher;
  const auto dataset = open_caption_dataset("world:noise=1,captions=1,count=200,size=32,seed=3", "val");
  const MatchingEvaluation evaluation = evaluate_matching(matcher, *dataset);
  const json figures = evaluation.to_json();
  ASSERT_EQ(figures["all"]["pairs"], 200);
  std::size_t separated = 0, swapped = 0, accepted = 0;
  for (const JudgedPair& pair : evaluation.pairs) {
    EXPECT_NE(pair.right, pair.wrong);
    separated += pair.right_score > pair.wrong_score ? 1 : 0;
    accepted += pair.right_score >= 0.5F ? 1 : 0;
    swapped += pair.noise == "swapped" ? 1 : 0;
  }
  EXPECT_EQ(figures["all"]["separated"], static_cast<double>(separated) / 200);
  EXPECT_EQ(figures["swapped"]["pairs"], swapped);
  EXPECT_EQ(accepted, 200U);
  EXPECT_EQ(figures["all"]["accepted"], 1.0);
  EXPECT_GT(figures["generic"]["pairs"], 10);
  EXPECT_LT(figures["all"]["separated"], 0.6);  // by words alone no better than a coin
}

// A CLIP has no probability: the order of cosines is judged, and nothing else.
TEST(MatchingEvaluation, CosinesSeparateAndAcceptNothing) {
  WordMatcher by_probability, by_cosine(false);
  const auto dataset = open_caption_dataset("world:noise=1,captions=1,count=50,size=32,seed=3", "val");
  const json figures = evaluate_matching(by_cosine, *dataset).to_json()["all"];
  EXPECT_EQ(figures["separated"], evaluate_matching(by_probability, *dataset).to_json()["all"]["separated"]);
  EXPECT_FALSE(figures.contains("accepted") || figures.contains("refused"));
}

TEST(MatchingEvaluation, CleanDataIsRefused) {
  WordMatcher matcher;
  const auto dataset = open_caption_dataset("world:captions=exact,count=3,size=32", "val");
  EXPECT_THROW(evaluate_matching(matcher, *dataset), std::invalid_argument);
}

}  // namespace
}  // namespace omma
