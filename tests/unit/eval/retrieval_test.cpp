#include "omma/eval/retrieval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "omma/base/rng.h"
#include "tests/unit/eval/scripted_models.h"

namespace omma {
namespace {

using testing::ListedCaptions;
using testing::ScriptedMatcher;

// Pictures 0 and 1 share text 0; text 1 is picture 0's alone, text 2 picture 2's.
RetrievalPairs three_pairs() {
  RetrievalPairs pairs;
  for (const auto& [image, text] : {std::pair(0, 1), {0, 0}, {0, 1}, {1, 0}, {2, 2}})
    pairs.add(static_cast<std::size_t>(image), static_cast<std::size_t>(text));
  return pairs;
}

TEST(RetrievalRanks, TheBestRightOneCountsAndTiesCountAgainstIt) {
  const std::vector<float> scores = {.9F, .1F, .8F,   // right: 0 and 1
                                     .2F, .7F, .2F,   // right: 0, behind 1 and no better than 2
                                     .5F, .5F, .5F};  // right: 2, as good as 0 and 1
  const RetrievalRanks ranks = retrieval_ranks(scores, three_pairs());
  EXPECT_EQ(ranks.images, (std::vector<std::size_t>{0, 2, 2}));
  EXPECT_EQ(ranks.texts, (std::vector<std::size_t>{0, 2, 1}));
  EXPECT_DOUBLE_EQ(recall_of(ranks.images).at1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(recall_of(ranks.images).at5, 1);
  EXPECT_THROW(retrieval_ranks(std::span(scores).first(8), three_pairs()), std::invalid_argument);
}

TEST(RetrievalRanks, WhatIsNoNumberIsNeverRight) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> scores = {nan, nan, .8F, nan, .7F, .2F, .5F, nan, .9F};
  const RetrievalRanks ranks = retrieval_ranks(scores, three_pairs());
  EXPECT_EQ(ranks.images, (std::vector<std::size_t>{not_ranked, not_ranked, 1}));
}

// Random pictures, each with some of few captions, and random scores from few values so that there are ties.
struct RandomRetrieval {
  std::vector<CaptionSample> samples;
  std::map<std::string, std::vector<float>> text_vectors;
  std::vector<std::vector<float>> image_vectors;
  std::map<std::pair<std::size_t, std::string>, float> itm;

  explicit RandomRetrieval(std::uint64_t seed) {
    Rng rng(seed);
    const auto vector = [&] {
      return std::vector<float>{static_cast<float>(rng.between(-2, 2)), static_cast<float>(rng.between(-2, 2))};
    };
    for (std::size_t i = 0; i < 7; ++i) {
      CaptionSample& sample = samples.emplace_back();
      for (int n = rng.between(1, 3); n > 0; --n) sample.captions.push_back("text " + std::to_string(rng.between(0, 9)));
      image_vectors.push_back(vector());
    }
    for (const CaptionSample& sample : samples)
      for (const std::string& text : sample.captions) text_vectors.try_emplace(text, vector());
    for (std::size_t i = 0; i < samples.size(); ++i)
      for (const auto& [text, values] : text_vectors) itm[{i, text}] = static_cast<float>(rng.between(0, 4)) / 4;
  }

  ScriptedMatcher matcher() const {
    ScriptedMatcher matcher;
    matcher.embed_image = [this](std::size_t image) { return image_vectors.at(image); };
    matcher.embed_text = [this](const std::string& text) { return text_vectors.at(text); };
    matcher.itm = [this](std::size_t image, const std::string& text) { return itm.at({image, text}); };
    return matcher;
  }

  double cosine(std::size_t image, const std::string& text) const {
    const std::vector<float>&a = image_vectors[image], &b = text_vectors.at(text);
    return a[0] * b[0] + a[1] * b[1];
  }
  double matched(std::size_t image, const std::string& text) const {
    const double p = std::clamp<double>(itm.at({image, text}), 1e-7, 1 - 1e-7);
    return cosine(image, text) + std::log(p) - std::log(1 - p);
  }
  bool right(std::size_t image, const std::string& text) const { return std::ranges::count(samples[image].captions, text) > 0; }
};

// The same in other words: sort by falling score, wrong before right among equals, and look for the first right one.
template <class Item, class Score, class Right>
std::size_t slow_rank(std::vector<Item> items, const Score& score, const Right& right) {
  std::ranges::stable_sort(items, [&](const Item& a, const Item& b) {
    const double gap = score(a) - score(b);
    return std::abs(gap) > 1e-5 ? gap > 0 : !right(a) && right(b);
  });
  const auto first = std::ranges::find_if(items, right);
  return first == items.end() ? not_ranked : static_cast<std::size_t>(first - items.begin());
}

template <class Item, class Score>
std::vector<Item> slow_best(std::vector<Item> items, const Score& score, std::size_t kept) {
  std::ranges::stable_sort(items, [&](const Item& a, const Item& b) { return score(a) > score(b); });
  items.resize(std::min(items.size(), kept));
  return items;
}

TEST(EvaluateRetrieval, AgreesWithASlowSearchOnRandomCases) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const RandomRetrieval sample(seed);
    ScriptedMatcher matcher = sample.matcher();
    const std::size_t kept = 1 + seed % 6;
    const RetrievalEvaluation found =
        evaluate_retrieval(matcher, ListedCaptions(sample.samples), {.count = 0, .rerank = kept, .batch = 3});
    const std::vector<std::string>& texts = found.texts;
    ASSERT_EQ(texts.size(), sample.text_vectors.size());
    std::vector<std::size_t> images(sample.samples.size());
    std::ranges::generate(images, [i = std::size_t{0}]() mutable { return i++; });
    std::size_t pairs = 0;
    for (const std::size_t i : images) {
      const auto right = [&](const std::string& text) { return sample.right(i, text); };
      const auto cosine = [&](const std::string& text) { return sample.cosine(i, text); };
      const auto matched = [&](const std::string& text) { return sample.matched(i, text); };
      EXPECT_EQ(found.itc.images.at(i), slow_rank(texts, cosine, right)) << seed;
      EXPECT_EQ(found.itm.images.at(i), slow_rank(slow_best(texts, cosine, kept), matched, right)) << seed;
    }
    for (std::size_t t = 0; t < texts.size(); ++t) {
      const auto right = [&](std::size_t image) { return sample.right(image, texts[t]); };
      const auto cosine = [&](std::size_t image) { return sample.cosine(image, texts[t]); };
      const auto matched = [&](std::size_t image) { return sample.matched(image, texts[t]); };
      EXPECT_EQ(found.itc.texts.at(t), slow_rank(images, cosine, right)) << seed;
      EXPECT_EQ(found.itm.texts.at(t), slow_rank(slow_best(images, cosine, kept), matched, right)) << seed;
    }
    ASSERT_EQ(matcher.asked.size(), images.size());  // each picture once, with no text twice
    for (auto& [image, asked] : matcher.asked) {
      pairs += asked.size();
      std::ranges::sort(asked);
      EXPECT_EQ(std::ranges::adjacent_find(asked), asked.end());
    }
    EXPECT_LE(pairs, kept * (images.size() + texts.size()));
  }
}

TEST(EvaluateRetrieval, MatchingMendsWhatTheEmbeddingsConfuse) {
  const ListedCaptions dataset({{.key = "a", .captions = {"zero", "both"}}, {.key = "b", .captions = {"one", "both"}}});
  ScriptedMatcher matcher;
  matcher.embed_image = [](std::size_t image) { return image == 0 ? std::vector<float>{1, 0} : std::vector<float>{0, 1}; };
  matcher.embed_text = [](const std::string& text) {  // the wrong way round
    return text == "both" ? std::vector<float>{-1, -1} : text == "one" ? std::vector<float>{1, 0} : std::vector<float>{0, 1};
  };
  matcher.itm = [](std::size_t image, const std::string& text) {
    return text == "both" || (text == "one") == (image == 1) ? 1.0F : 0.0F;  // as far as log-odds go
  };
  const RetrievalEvaluation evaluation = evaluate_retrieval(matcher, dataset, {.count = 0, .rerank = 3, .batch = 1});
  EXPECT_EQ(evaluation.texts, (std::vector<std::string>{"zero", "both", "one"}));
  EXPECT_EQ(evaluation.image_keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(evaluation.pairs.images_of.at(1), (std::vector<std::size_t>{0, 1}));
  const json figures = evaluation.to_json();
  EXPECT_EQ(figures["itc_tr1"], 0);
  EXPECT_DOUBLE_EQ(figures["itc_ir1"], 1.0 / 3);  // "both" cannot be wrong
  EXPECT_EQ(figures["tr1"], 1);
  EXPECT_EQ(figures["ir1"], 1);
  EXPECT_EQ(figures["itc_tr5"], 1);
  EXPECT_EQ(figures["texts"], 3);
  EXPECT_EQ(matcher.batches, std::vector<std::size_t>(5, 1));
}

TEST(EvaluateRetrieval, EmbeddingsAloneAndModelsWithoutAHead) {
  const ListedCaptions dataset(
      {{.key = "a", .captions = {"zero"}}, {.key = "b", .captions = {"one"}}, {.key = "c", .captions = {"two"}}});
  ScriptedMatcher matcher;
  matcher.embed_image = [](std::size_t) { return std::vector<float>{1}; };
  matcher.embed_text = [](const std::string&) { return std::vector<float>{1}; };
  matcher.itm = [](std::size_t, const std::string&) { return std::nullopt; };
  const json figures = evaluate_retrieval(matcher, dataset, {.count = 2, .rerank = 0, .batch = 8}).to_json();
  EXPECT_TRUE(matcher.asked.empty());
  EXPECT_EQ(figures["images"], 2);
  EXPECT_EQ(figures["tr1"], 0);  // all alike: the last place
  EXPECT_EQ(figures["tr5"], 1);
  EXPECT_THROW(evaluate_retrieval(matcher, dataset), std::invalid_argument);
}

}  // namespace
}  // namespace omma
