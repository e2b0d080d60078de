#include <gtest/gtest.h>

#include <set>

#include "omma/models/blip/checkpoint.h"
#include "omma/models/blip/decoder.h"
#include "omma/models/blip/matcher.h"
#include "omma/text/vocabulary.h"
#include "tests/temporary_directory.h"
#include "tests/unit/blip/small_blip.h"

namespace omma {
namespace {

Tensor some_pictures(int64_t count) {
  torch::manual_seed(1);
  return torch::randn({count, 3, 32, 32});
}

TEST(Blip, TiedPartsAreSharedAndSelfAttentionIsNot) {
  const Blip model = testing::small_blip("BlipForPreTraining");
  const auto parameters = model->named_parameters();
  const auto same = [&](const std::string& part) {
    return parameters["text_encoder." + part].unsafeGetTensorImpl() ==
           parameters["text_decoder.bert." + part].unsafeGetTensorImpl();
  };
  EXPECT_TRUE(same("embeddings.word_embeddings.weight"));
  EXPECT_TRUE(same("embeddings.position_embeddings.weight"));
  EXPECT_TRUE(same("encoder.layer.1.crossattention.self.key.weight"));
  EXPECT_TRUE(same("encoder.layer.0.crossattention.output.LayerNorm.bias"));
  EXPECT_TRUE(same("encoder.layer.1.intermediate.dense.weight"));
  EXPECT_TRUE(same("encoder.layer.0.output.LayerNorm.weight"));
  EXPECT_FALSE(same("encoder.layer.0.attention.self.query.weight"));
  EXPECT_FALSE(same("encoder.layer.1.attention.output.dense.bias"));
}

// A later word changes no earlier logit; the picture changes all.
TEST(Blip, DecoderIsCausal) {
  const c10::InferenceMode inference;
  Blip model = testing::small_blip("BlipForConditionalGeneration");
  const BlipSource source = model->text_decoder->bert->project(model->vision_model(some_pictures(1)));
  const auto logits = [&](const Tensor& ids) {
    return model->text_decoder->logits(
        model->text_decoder->bert(BlipTextInput{.input_ids = ids, .mask = {}, .source = &source, .causal = true}));
  };
  const Tensor ids = torch::tensor({{58, 7, 8, 9, 10}}, torch::kLong);
  Tensor changed = ids.clone();
  changed[0][3] = 20;
  const Tensor before = logits(ids), after = logits(changed);
  EXPECT_TRUE(before.narrow(1, 0, 3).allclose(after.narrow(1, 0, 3), 0, 1e-6));
  EXPECT_FALSE(before.select(1, 3).allclose(after.select(1, 3), 0, 1e-3));
}

TEST(Blip, PaddingDoesNotChangeAText) {
  const c10::InferenceMode inference;
  Blip model = testing::small_blip("BlipForImageTextRetrieval");
  const Tensor short_text = torch::tensor({{2, 7, 8, 3}}, torch::kLong);
  const Tensor padded = torch::tensor({{2, 7, 8, 3, 0, 0}, {2, 9, 10, 11, 12, 3}}, torch::kLong);
  const Tensor mask = padded != 0;
  EXPECT_TRUE(model->embed_text(padded, mask)[0].allclose(model->embed_text(short_text)[0], 0, 1e-5));
  const BlipSource source = model->text_encoder->project(model->vision_model(some_pictures(1)));
  EXPECT_TRUE(model->match_logits(padded, mask, source)[0].allclose(model->match_logits(short_text, {}, source)[0], 0, 1e-5));
}

// Texts that share a picture, grouped over one copy of its keys, against every row with keys of its own.
TEST(Blip, SharedSourcesEqualRepeatedOnes) {
  const c10::InferenceMode inference;
  Blip model = testing::small_blip("BlipForImageTextRetrieval");
  const Tensor features = model->vision_model(some_pictures(2));
  const Tensor ids = torch::randint(4, 58, {6, 5}, torch::kLong);
  const BlipSource shared = model->text_encoder->project(features);
  const BlipSource repeated = model->text_encoder->project(features.repeat_interleave(3, 0));
  EXPECT_TRUE(model->match_logits(ids, {}, shared).allclose(model->match_logits(ids, {}, repeated), 0, 1e-5));
}

TEST(Blip, SwapsTheFirstTokenOnlyWhereTold) {
  BlipConfig config = testing::small_blip_config("BlipForImageTextRetrieval");
  const Tensor ids = torch::tensor({{2, 7, 3}}, torch::kLong);
  EXPECT_TRUE(Blip(config)->image_grounded_ids(ids).equal(ids));
  config.swap_first_token = true;
  EXPECT_TRUE(Blip(config)->image_grounded_ids(ids).equal(torch::tensor({{59, 7, 3}}, torch::kLong)));
}

TEST(Blip, SavedDirectoryLoadsTheSame) {
  for (const char* architecture :
       {"BlipForConditionalGeneration", "BlipForImageTextRetrieval", "BlipForQuestionAnswering", "BlipForPreTraining"}) {
    BlipConfig config = testing::small_blip_config(architecture);
    const json tokenizer = make_bert_tokenizer({"dog"});
    config.text_config.vocab_size = 1200;
    const Blip model(config);
    const testing::TemporaryDirectory directory;
    save_blip(directory.path(), model, {.tokenizer = tokenizer, .processor = square_image_processor(32), .generation = {}},
              torch::kFloat32);
    const BlipCheckpoint loaded = load_blip(directory.path());
    const auto parameters = loaded.model->named_parameters();
    for (const auto& parameter : model->named_parameters())
      EXPECT_TRUE(parameter.value().equal(parameters[parameter.key()])) << architecture << ": " << parameter.key();
  }
}

TEST(Blip, TextsAreCutOrRefused) {
  const Tokenizer tokenizer = Tokenizer::from_json(make_bert_tokenizer({"red", "dog", "cat"}), "tokenizer.json");
  const std::vector<std::string> texts = {"red dog cat dog", "dog"};
  const PaddedTexts whole = tokenize_texts(tokenizer, texts, 16, 0);
  EXPECT_EQ(whole.input_ids.sizes(), (torch::IntArrayRef{2, 6}));
  EXPECT_EQ(whole.mask.sum().item<int64_t>(), 6 + 3);
  const PaddedTexts cut = tokenize_texts(tokenizer, texts, 4, 0, LongTexts::cut);
  EXPECT_TRUE(cut.input_ids[0].slice(0, 0, 3).equal(whole.input_ids[0].slice(0, 0, 3)));
  EXPECT_EQ(cut.input_ids[0][3].item<int64_t>(), 102);
  EXPECT_THROW(tokenize_texts(tokenizer, texts, 4, 0), std::invalid_argument);
  EXPECT_THROW(tokenize_texts(tokenizer, std::vector<std::string>{" "}, 4, 0), std::invalid_argument);
}

BlipMatcher small_matcher() { return BlipMatcher(testing::small_blip_checkpoint("BlipForImageTextRetrieval")); }

TEST(Blip, EachPicturesOwnTextsAreMatchedAsAlone) {
  BlipMatcher matcher = small_matcher();
  const std::vector<Image> images = testing::different_images(3);
  for (const auto& texts :
       std::vector<std::vector<std::vector<std::string>>>{{{"red dog", "cat"}, {"a red cat and a dog", "dog"}, {"dog", "dog"}},
                                                          {{"dog"}, {"cat", "red", "red dog"}, {"cat"}},
                                                          {{"dog"}, {"cat"}, {"red"}}}) {
    const std::vector<MatchResult> together = matcher.match_each(images, texts);
    ASSERT_EQ(together.size(), 3U);
    for (std::size_t p = 0; p < 3; ++p) {
      const MatchResult alone = matcher.match({&images[p], 1}, texts[p]).at(0);
      ASSERT_EQ(together[p].matches.size(), texts[p].size());
      for (std::size_t r = 0; r < texts[p].size(); ++r) {
        EXPECT_NEAR(*together[p].matches[r].itm, *alone.matches[r].itm, 1e-5);
        EXPECT_NEAR(*together[p].matches[r].itc, *alone.matches[r].itc, 1e-5);
      }
    }
  }
  const std::vector<Image> many = testing::different_images(130);  // more than one pass of picture-text pairs
  std::vector<std::vector<std::string>> texts(many.size(), {"red", "dog"});
  texts.back() = {"cat", "red dog"};
  const MatchResult last = matcher.match_each(many, texts).back(), alone = matcher.match({&many.back(), 1}, texts.back()).at(0);
  EXPECT_NEAR(*last.matches[0].itm, *alone.matches[0].itm, 1e-5);
  EXPECT_NEAR(*last.matches[1].itm, *alone.matches[1].itm, 1e-5);
  EXPECT_THROW(matcher.match_each(images, std::vector<std::vector<std::string>>{{"dog"}, {"cat"}}), std::invalid_argument);
  EXPECT_THROW(matcher.match_each(images, std::vector<std::vector<std::string>>{{"dog"}, {}, {"cat"}}), std::invalid_argument);
}

// Texts of different lengths: few, more than a pass takes, and of so many pictures that passes follow the one for both scores.
TEST(Blip, BothScoresTogetherAreThoseOfEachAlone) {
  BlipMatcher matcher = small_matcher();
  const std::vector<Image> three = testing::different_images(3), crowd = testing::different_images(130);
  const std::vector<std::string> two = {"red dog", "cat"};
  std::vector<std::string> few = {"red dog", "a red cat and a dog", "dog"}, many(300, "cat");
  for (std::size_t i = 0; i < many.size(); i += 7) many[i] = few[i % 3];
  for (const auto& [images, texts] : {std::pair(three, few), {three, many}, {crowd, two}}) {
    const auto both = matcher.match(images, texts), itm = matcher.match(images, texts, {.itm = true, .itc = false}),
               itc = matcher.match(images, texts, {.itm = false, .itc = true});
    for (std::size_t p = 0; p < images.size(); ++p) {
      for (std::size_t r = 0; r < texts.size(); ++r) {
        ASSERT_NEAR(*both[p].matches[r].itm, *itm[p].matches[r].itm, 1e-5) << p << " " << r;
        ASSERT_NEAR(*both[p].matches[r].itc, *itc[p].matches[r].itc, 1e-5) << p << " " << r;
        ASSERT_FALSE(itm[p].matches[r].itc || itc[p].matches[r].itm);
      }
    }
  }
}

TEST(Blip, MatcherCutsTextsOnlyWhereTold) {
  BlipMatcher matcher = small_matcher();
  const std::vector<Image> images = testing::different_images(1);
  const std::vector<std::string> whole = {"dog cat red dog cat red dog cat red dog cat red dog cat red dog cat red"},
                                 cut = {"dog cat"};
  EXPECT_THROW(matcher.match(images, whole), std::invalid_argument);
  const float shortened = *matcher.match(images, whole, {.max_tokens = 4}).at(0).matches.at(0).itm;
  EXPECT_FLOAT_EQ(shortened, *matcher.match(images, cut).at(0).matches.at(0).itm);
  EXPECT_NO_THROW(matcher.match(images, whole, {.max_tokens = 1000}));
  EXPECT_THROW(matcher.match(images, cut, {.max_tokens = 2}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
