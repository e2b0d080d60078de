// CLIP against transformers (tools/parity/clip.py): every block's output, embeddings, the loss with all gradients, and picture
// files and texts to cosines and probabilities.
#include <gtest/gtest.h>

#include <algorithm>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/losses/contrastive.h"
#include "omma/models/clip/matcher.h"
#include "omma/models/clip/tower.h"
#include "omma/models/registry.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

constexpr double kTolerance = 1e-4;

std::string name_of_case(const ::testing::TestParamInfo<std::string>& tested) { return tested.param; }

class ClipParity : public ::testing::TestWithParam<std::string> {
 protected:
  ClipParity()
      : directory_(testing::parity_directory("clip") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")),
        matcher_(directory_),
        images_{read_image(directory_ / "picture0.png"), read_image(directory_ / "picture1.png")} {}

  std::filesystem::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  ClipMatcher matcher_;
  std::vector<Image> images_;
};

TEST_P(ClipParity, PixelsAndEveryBlock) {
  const c10::InferenceMode inference;
  const Tensor pixels = matcher_.pixels(images_);
  testing::expect_close("pixels", expected_.at("pixels"), pixels, 2e-6);
  const int64_t blocks = matcher_.model()->config().vision_config.num_hidden_layers;
  std::vector<int64_t> which;
  for (int64_t i = blocks; i >= 0; --i) which.push_back(i);
  const std::vector<Tensor> states = matcher_.model()->vision_model->hidden_states(pixels, which);
  for (std::size_t i = 0; i < which.size(); ++i) {
    const std::string name = "hidden." + std::to_string(which[i]);
    const Tensor& expected = expected_.at(name);
    const double largest = expected.abs().max().item<double>();  // 96 in ViT-L/14
    testing::expect_close(name, expected, states[i], std::max(kTolerance, 1e-5 * largest));
  }
}

// As either version of transformers keeps it.
TEST_P(ClipParity, TheImageEncoderByItself) {
  if (!std::filesystem::exists(directory_ / "tower")) GTEST_SKIP() << "recorded without";
  const c10::InferenceMode inference;
  ClipVisionModel tower = load_clip_tower(directory_ / "tower"), of_whole = load_clip_tower(directory_);
  const int64_t last = tower->config().num_hidden_layers;
  EXPECT_EQ(last, of_whole->config().num_hidden_layers);
  const Tensor expected = expected_.at("hidden." + std::to_string(last));
  testing::expect_close("by itself", expected, tower->hidden_states(expected_.at("pixels"), {last}).front(), kTolerance);
  testing::expect_close("of the whole", expected, of_whole->hidden_states(expected_.at("pixels"), {last}).front(), kTolerance);
}

TEST_P(ClipParity, TokensAndEmbeddings) {
  const c10::InferenceMode inference;
  const auto texts = record_["texts"].get<std::vector<std::string>>();
  const Tokenizer tokenizer = Tokenizer::from_directory(directory_);
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(tokenizer.encode(texts[i]).ids, record_["ids"][i].get<std::vector<std::int32_t>>()) << texts[i];
  testing::expect_close("text_embeds", expected_.at("text_embeds"), matcher_.model()->embed_text(expected_.at("input_ids")),
                        kTolerance);
  testing::expect_close("image_embeds", expected_.at("image_embeds"), matcher_.model()->embed_image(expected_.at("pixels")),
                        kTolerance);
}

TEST_P(ClipParity, PicturesAndTextsToScores) {
  const auto texts = record_["texts"].get<std::vector<std::string>>();
  const double scale = matcher_.model()->logit_scale.exp().item<double>();
  const auto matcher = load_matcher(directory_, {.device = "cpu"});
  EXPECT_FALSE(matcher->has_itm());
  const auto results = matcher->match(images_, texts, {.softmax = true});
  for (std::size_t p = 0; p < images_.size(); ++p) {
    for (std::size_t t = 0; t < texts.size(); ++t) {
      const TextMatch& match = results[p].matches[t];
      EXPECT_FALSE(match.itm);
      const auto cell = [&](const char* name) {
        return expected_.at(name)[static_cast<int64_t>(p)][static_cast<int64_t>(t)].item<double>();
      };
      EXPECT_NEAR(match.itc.value(), cell("logits") / scale, kTolerance);
      EXPECT_NEAR(match.probability.value(), record_["probabilities"][p][t].get<double>(), kTolerance);
    }
  }
  const std::vector<std::vector<std::string>> own = {{texts[2]}, {texts[1], texts[0]}};
  const auto each = matcher->match_each(images_, own);
  ASSERT_EQ(each[0].matches.size(), 1U);
  ASSERT_EQ(each[1].matches.size(), 2U);
  EXPECT_NEAR(*each[0].matches[0].itc, *results[0].matches[2].itc, 1e-5);
  EXPECT_NEAR(*each[1].matches[1].itc, *results[1].matches[0].itc, 1e-5);
}

TEST_P(ClipParity, LossAndGradients) {
  if (!expected_.contains("loss")) GTEST_SKIP() << "recorded without gradients";
  Clip& model = matcher_.model();
  const Tensor image = model->embed_image(expected_.at("pixels")),
               text = model->embed_text(expected_.at("input_ids").narrow(0, 0, 2));
  const Tensor logits = model->logit_scale.exp() * torch::matmul(image, text.t());
  const Tensor loss = paired_contrastive_loss(logits, logits.t());
  testing::expect_close("loss", expected_.at("loss"), loss.reshape({1}), kTolerance);
  loss.backward();
  for (const auto& parameter : model->named_parameters()) {
    const Tensor& gradient = parameter.value().grad();
    testing::expect_close(parameter.key(), expected_.at("gradient." + parameter.key()), gradient, kTolerance);
  }
}

TEST(ClipTowerSaved, TransformersLoadsIt) {
  const testing::TemporaryDirectory directory;
  std::vector<std::filesystem::path> pairs;
  for (const char* name : {"openai", "laion", "wide"}) {
    const std::filesystem::path recorded = testing::parity_directory("clip") / name, saved = directory / name;
    std::filesystem::create_directories(saved);
    save_clip_tower(saved, load_clip_tower(recorded), ImageProcessor::from_directory(recorded).config());
    pairs.insert(pairs.end(), {saved, recorded});
  }
  EXPECT_TRUE(testing::compares_equal("check_clip_tower.py", pairs));
}

INSTANTIATE_TEST_SUITE_P(Small, ClipParity, ::testing::Values("openai", "laion", "wide", "openai_transformers4"), name_of_case);
INSTANTIATE_TEST_SUITE_P(FullSize, ClipParity, ::testing::ValuesIn(testing::exported("clip", {"base_32", "large_14_336"})),
                         name_of_case);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ClipParity);

}  // namespace
}  // namespace omma
