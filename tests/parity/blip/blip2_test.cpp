// BLIP-2's retrieval model against transformers (tools/parity/blip2.py): features, query outputs, both heads' scores; and its
// masks, which no tolerance softens.
#include <gtest/gtest.h>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/blip2/matcher.h"
#include "omma/models/registry.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

constexpr double tolerance = 1e-4;

class Blip2Parity : public ::testing::TestWithParam<std::string> {
 protected:
  Blip2Parity()
      : directory_(testing::parity_directory("blip2") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        texts_(read_json(directory_ / "reference.json")["texts"].get<std::vector<std::string>>()),
        checkpoint_(load_blip2(directory_)) {
    for (const char* name : {"picture0.png", "picture1.png"}) images_.push_back(read_image(directory_ / name));
  }

  PaddedTexts tokens() const { return tokenize_texts(checkpoint_.tokenizer, texts_, 32, 0); }
  Tensor features() { return checkpoint_.model->vision_model(expected_.at("pixels")); }

  std::filesystem::path directory_;
  std::map<std::string, Tensor> expected_;
  std::vector<std::string> texts_;
  Blip2Checkpoint checkpoint_;
  std::vector<Image> images_;
};

TEST_P(Blip2Parity, EveryStepIsTheReferences) {
  const c10::InferenceMode inference;
  Blip2Retrieval& model = checkpoint_.model;
  testing::expect_close("pixels", expected_.at("pixels")[0], checkpoint_.processor(images_[0]), 2e-6);
  testing::expect_close("features", expected_.at("features"), features(), tolerance);
  testing::expect_close("query_states", expected_.at("query_states"), model->ask_pictures(features()), tolerance);
  testing::expect_close("query_embeds", expected_.at("query_embeds"), model->embed_pictures(features()), tolerance);
  const PaddedTexts text = tokens();
  EXPECT_TRUE(text.input_ids.equal(expected_.at("input_ids")));
  testing::expect_close("text_embeds", expected_.at("text_embeds"), model->embed_texts(text.input_ids, text.mask), tolerance);
  for (int64_t p = 0; p < 2; ++p) {
    const QFormerPicture picture = model->qformer->look_at(features().narrow(0, p, 1));
    testing::expect_close("itm", expected_.at("itm")[p], model->match_logits(picture, text.input_ids, text.mask), tolerance);
  }
}

TEST_P(Blip2Parity, ScoresFromFiles) {
  const auto matcher = load_matcher(directory_);
  const auto results = matcher->match(images_, texts_);
  const Tensor itm = torch::softmax(expected_.at("itm"), -1).select(2, 1), itc = expected_.at("itc");
  const auto pictures = matcher->embed_images(images_), words = matcher->embed_texts(texts_);
  for (std::size_t p = 0; p < images_.size(); ++p) {
    const std::vector<std::vector<std::string>> one = {{texts_[p + 1], texts_[0]}};
    const auto each = matcher->match_each(std::span(images_).subspan(p, 1), one);
    for (std::size_t r = 0; r < texts_.size(); ++r) {
      const auto at = [&](const Tensor& scores) { return scores[static_cast<int64_t>(p)][static_cast<int64_t>(r)].item<float>(); };
      EXPECT_NEAR(*results[p].matches[r].itm, at(itm), tolerance);
      EXPECT_NEAR(*results[p].matches[r].itc, at(itc), tolerance);
      EXPECT_NEAR(image_text_similarity(pictures[p], words[r]), at(itc), tolerance);
    }
    EXPECT_NEAR(*each[0].matches[0].itm, *results[p].matches[p + 1].itm, tolerance);
    EXPECT_NEAR(*each[0].matches[1].itc, *results[p].matches[0].itc, tolerance);
  }
}

// A text that reached the queries of the contrast would make it trivial: not a bit of them moves with it. Matching's move.
TEST_P(Blip2Parity, TheContrastsQueriesSeeNoText) {
  const c10::InferenceMode inference;
  Blip2Retrieval& model = checkpoint_.model;
  const PaddedTexts text = tokens();
  Tensor other = text.input_ids.clone();
  other.select(1, 1).fill_(120);
  const Tensor alone = model->embed_pictures(features());
  const QFormerPicture picture = model->qformer->look_at(features().narrow(0, 0, 1));
  const Tensor matched = model->match_logits(picture, text.input_ids, text.mask);
  EXPECT_TRUE(model->embed_pictures(features()).equal(alone));
  EXPECT_FALSE(model->match_logits(picture, other, text.mask).allclose(matched, 1e-3, 1e-3));
  EXPECT_FALSE(model->embed_texts(other, text.mask).allclose(model->embed_texts(text.input_ids, text.mask), 1e-3, 1e-3));
}

// Padding says nothing: a text alone scores as in a batch of longer ones.
TEST_P(Blip2Parity, PaddingIsNotSeen) {
  const auto matcher = load_matcher(directory_);
  const auto together = matcher->match(std::span(images_).first(1), texts_);
  for (std::size_t r = 0; r < texts_.size(); ++r) {
    const auto alone = matcher->match(std::span(images_).first(1), std::span(texts_).subspan(r, 1));
    EXPECT_NEAR(*alone[0].matches[0].itm, *together[0].matches[r].itm, 1e-5);
    EXPECT_NEAR(*alone[0].matches[0].itc, *together[0].matches[r].itc, 1e-5);
  }
}

const std::vector<std::string> cases = {"retrieval", "retrieval_wide", "retrieval_transformers4"};

TEST(Blip2Saved, TransformersLoadsIt) {
  const testing::TemporaryDirectory directory;
  std::vector<std::filesystem::path> pairs;
  for (const std::string& name : cases) {
    const std::filesystem::path recorded = testing::parity_directory("blip2") / name, saved = directory / name;
    save_blip2(
        saved, load_blip2(recorded),
        {.tokenizer = read_json(recorded / "tokenizer.json"), .tokenizer_config = read_json(recorded / "tokenizer_config.json")},
        torch::kFloat32);
    EXPECT_TRUE(load_blip2(saved).model->parameters().front().equal(load_blip2(recorded).model->parameters().front())) << name;
    pairs.insert(pairs.end(), {saved, recorded});
  }
  EXPECT_TRUE(testing::compares_equal("check_blip2.py", pairs));
}

INSTANTIATE_TEST_SUITE_P(Small, Blip2Parity, ::testing::ValuesIn(cases), [](const auto& test) { return test.param; });

}  // namespace
}  // namespace omma
