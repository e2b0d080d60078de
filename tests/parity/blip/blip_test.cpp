// BLIP against transformers (tools/parity/blip.py): features, logits, scores, losses with all gradients, and pictures to texts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/blip/answerer.h"
#include "omma/models/blip/captioner.h"
#include "omma/models/blip/decoder.h"
#include "omma/models/blip/matcher.h"
#include "omma/models/registry.h"
#include "tests/parity/reference.h"

namespace omma {
namespace {

constexpr double kTolerance = 1e-4;

class BlipParity : public ::testing::TestWithParam<std::string> {
 protected:
  BlipParity()
      : directory_(testing::parity_directory("blip") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")),
        checkpoint_(load_blip(directory_)),
        model_(checkpoint_.model),
        images_{read_image(directory_ / "picture0.png"), read_image(directory_ / "picture1.png")} {}

  Tensor mask(const std::string& name) { return expected_.at(name).to(torch::kBool); }

  GenerationOptions options_of(const json& options) const {
    GenerationOptions result;
    if (options.contains("max_new_tokens")) result.max_tokens = options["max_new_tokens"].get<int>();
    if (options.contains("num_beams")) result.beams = options["num_beams"].get<int>();
    if (options.contains("length_penalty")) result.length_penalty = options["length_penalty"].get<double>();
    if (options.contains("repetition_penalty")) result.repetition_penalty = options["repetition_penalty"].get<double>();
    return result;
  }
  // Lengths of prompt and text together, which are a checkpoint's.
  static GenerationConfig lengths_of(const json& options) {
    GenerationConfig config;
    config.max_length = options.value("max_length", 20);
    if (options.contains("min_length")) config.min_length = options["min_length"].get<int64_t>();
    return config;
  }

  // A beam's score, which goes into the hundreds with a negative length penalty.
  static void expect_score(double expected, double score) {
    EXPECT_NEAR(score, expected, kTolerance * std::max(1.0, std::abs(expected)));
  }

  // What follows the prompt, without the end token and padding.
  std::string text_of(const json& sequence, std::size_t prompt_tokens) const {
    std::vector<std::int32_t> ids;
    for (std::size_t i = prompt_tokens; i < sequence.size() && sequence[i] != 102; ++i)
      ids.push_back(sequence[i].get<std::int32_t>());
    return checkpoint_.tokenizer.decode(ids);
  }

  void expect_gradients(const Tensor& loss) {
    testing::expect_close("loss", expected_.at("loss"), loss.reshape({1}), kTolerance);
    loss.backward();
    std::size_t compared = 0;
    for (const auto& parameter : model_->named_parameters()) {
      if (parameter.value().numel() > 100'000) continue;  // not recorded
      const auto found = expected_.find("gradient." + parameter.key());
      ASSERT_NE(found, expected_.end()) << parameter.key();
      testing::expect_close(parameter.key(), found->second, parameter.value().grad(), kTolerance);
      ++compared;
    }
    EXPECT_GT(compared, 20U);
  }

  std::filesystem::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  BlipCheckpoint checkpoint_;
  Blip model_;
  std::vector<Image> images_;
};

// The reference's loss: the mean over the tokens that count.
Tensor mean_loss(BlipTextDecoder decoder, const BlipSource& source, const Tensor& ids, const Tensor& mask,
                 const BlipConfig& config) {
  return language_losses(decoder, source, ids, mask, config.text_config).sum() / mask.narrow(1, 1, ids.size(1) - 1).sum();
}

TEST_P(BlipParity, PixelsAndFeatures) {
  const c10::InferenceMode inference;
  const Tensor pixels = checkpoint_.pixels(images_);
  testing::expect_close("pixels", expected_.at("pixels"), pixels, 2e-6);
  Tensor features = model_->vision_model(pixels);
  if (expected_.at("features").size(0) == 3)  // the rows of the texts
    features = features.index_select(0, torch::tensor(record_.value("rows", std::vector<int64_t>{0, 1, 0}), torch::kLong));
  testing::expect_close("features", expected_.at("features"), features, kTolerance);
}

class BlipCaptionParity : public BlipParity {};

TEST_P(BlipCaptionParity, LogitsLossAndGradients) {
  const Tensor rows = torch::tensor({0, 1, 0}, torch::kLong);
  const Tensor features = model_->vision_model(expected_.at("pixels")).index_select(0, rows);
  const BlipSource source = model_->text_decoder->bert->project(features);
  const Tensor ids = expected_.at("input_ids");
  const BlipTextInput input{.input_ids = ids, .mask = mask("mask"), .source = &source, .causal = true};
  const Tensor logits = model_->text_decoder->logits(model_->text_decoder->bert(input));
  testing::expect_close("logits", expected_.at("logits").index({mask("mask")}), logits.index({mask("mask")}), kTolerance);
  expect_gradients(mean_loss(model_->text_decoder, source, ids, mask("mask"), model_->config()));
}

TEST_P(BlipCaptionParity, CachedDecodingEqualsAWholePass) {
  const c10::InferenceMode inference;
  const Tensor ids = expected_.at("input_ids").narrow(0, 2, 1).repeat({2, 1});
  BlipTextDecoder decoder = model_->text_decoder;
  const BlipSource source = decoder->bert->project(model_->vision_model(expected_.at("pixels")));
  const Tensor whole =
      decoder->logits(decoder->bert(BlipTextInput{.input_ids = ids, .mask = {}, .source = &source, .causal = true}));
  BlipGenerationDecoder stepwise(decoder, source, ids.narrow(1, 0, 3), ids.size(1));
  testing::expect_close("prompt", whole.select(1, 2), stepwise.start(), kTolerance);
  for (int64_t t = 3; t < ids.size(1); ++t)
    testing::expect_close("step", whole.select(1, t), stepwise.step(ids.select(1, t)), kTolerance);
}

TEST_P(BlipCaptionParity, GreedyAndBeamSearch) {
  for (const json& generation : record_["generations"]) {
    const std::string prompt = generation["prompt"];
    const std::size_t prompt_tokens = prompt.empty() ? 1 : 4;
    for (const json& run : generation["runs"]) {
      SCOPED_TRACE(prompt + " " + run["options"].dump());
      checkpoint_.generation = lengths_of(run["options"]);
      BlipCaptioner captioner(checkpoint_);
      const auto results = captioner.caption(images_, {.prompt = prompt, .generation = options_of(run["options"]), .seeds = {}});
      for (std::size_t i = 0; i < images_.size(); ++i) {
        EXPECT_EQ(results[i].captions[0].text, text_of(run["sequences"][i], prompt_tokens));
        if (!run["scores"].is_null()) {
          expect_score(run["scores"][i], results[i].captions[0].score);
        }
      }
    }
  }
}

TEST_P(BlipCaptionParity, PictureFileToText) {
  const auto captioner = load_captioner(directory_);
  const auto together = captioner->caption(images_), alone = captioner->caption(std::span(images_).subspan(1));
  const auto captions = record_["captions"].get<std::vector<std::string>>();
  EXPECT_EQ(together[0].captions[0].text, captions[0]);
  EXPECT_EQ(together[1].captions[0].text, captions[1]);
  EXPECT_EQ(alone[0].captions[0].text, captions[1]);
}

TEST_P(BlipCaptionParity, NucleusSamplingRepeatsWithItsSeed) {
  const auto captioner = load_captioner(directory_);
  CaptionOptions options;
  options.generation.sample = true;
  options.generation.top_p = 0.9;
  options.seeds = {3, 8};
  const auto first = captioner->caption(images_, options), second = captioner->caption(images_, options);
  options.seeds = {8};
  const auto alone = captioner->caption(std::span(images_).subspan(1), options);
  EXPECT_EQ(first[0].captions[0].text, second[0].captions[0].text);
  EXPECT_EQ(first[1].captions[0].text, alone[0].captions[0].text);
  options.seeds = {9};
  EXPECT_NE(captioner->caption(std::span(images_).subspan(1), options)[0].captions[0].text, alone[0].captions[0].text);
}

class BlipMatchParity : public BlipParity {};

TEST_P(BlipMatchParity, ScoresOfBothHeads) {
  const auto matcher = load_matcher(directory_);
  const auto texts = record_["texts"].get<std::vector<std::string>>();
  const auto results = matcher->match(images_, texts);
  const Tensor itm = torch::softmax(expected_.at("itm"), -1).select(2, 1), itc = expected_.at("itc");
  for (std::size_t p = 0; p < images_.size(); ++p) {
    for (std::size_t r = 0; r < texts.size(); ++r) {
      const auto at = [&](const Tensor& scores) { return scores[static_cast<int64_t>(p)][static_cast<int64_t>(r)].item<float>(); };
      EXPECT_NEAR(*results[p].matches[r].itm, at(itm), kTolerance);
      EXPECT_NEAR(*results[p].matches[r].itc, at(itc), kTolerance);
      const auto alone = matcher->match(std::span(images_).subspan(p, 1), std::span(texts).subspan(r, 1));
      EXPECT_NEAR(*alone[0].matches[0].itm, at(itm), kTolerance);
    }
  }
}

TEST_P(BlipMatchParity, MatchingLogits) {
  const c10::InferenceMode inference;
  const auto texts = record_["texts"].get<std::vector<std::string>>();
  const PaddedTexts tokens = tokenize_texts(checkpoint_.tokenizer, texts, 32, 0);
  const BlipSource source = model_->text_encoder->project(model_->vision_model(expected_.at("pixels")));
  const Tensor logits = model_->match_logits(tokens.input_ids.repeat({2, 1}), tokens.mask.repeat({2, 1}), source);
  testing::expect_close("itm", expected_.at("itm").flatten(0, 1), logits, kTolerance);
  const Tensor states = model_->text_encoder(BlipTextInput{.input_ids = tokens.input_ids, .mask = tokens.mask});
  testing::expect_close("text", expected_.at("text_states").index({tokens.mask}), states.index({tokens.mask}), kTolerance);
}

class BlipAnswerParity : public BlipParity {
 protected:
  std::vector<VisualQuestion> questions() const {
    std::vector<VisualQuestion> result;
    for (std::size_t i = 0; i < record_["questions"].size(); ++i)
      result.push_back(
          {.images = std::span(images_).subspan(record_["rows"][i].get<std::size_t>(), 1), .text = record_["questions"][i]});
    return result;
  }
};

TEST_P(BlipAnswerParity, LossAndGradients) {
  const Tensor rows = torch::tensor(record_["rows"].get<std::vector<int64_t>>(), torch::kLong);
  const Tensor features = model_->vision_model(expected_.at("pixels")).index_select(0, rows);
  const BlipSource picture = model_->text_encoder->project(features);
  const Tensor states =
      model_->text_encoder(BlipTextInput{.input_ids = expected_.at("input_ids"), .mask = mask("mask"), .source = &picture});
  const BlipSource question = model_->text_decoder->bert->project(states, mask("mask"));
  expect_gradients(mean_loss(model_->text_decoder, question, expected_.at("answer_ids"), mask("answer_mask"), model_->config()));
}

TEST_P(BlipAnswerParity, GeneratedAnswers) {
  const auto asked = questions();
  for (std::size_t r = 0; r < record_["runs"][0].size(); ++r) {
    const json& options = record_["runs"][0][r]["options"];
    SCOPED_TRACE(options.dump());
    checkpoint_.generation = lengths_of(options);
    BlipAnswerer answerer(checkpoint_);
    const auto results = answerer.answer(asked, {.generation = options_of(options), .answers = {}});
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const json& run = record_["runs"][i][r];
      EXPECT_EQ(results[i].answer, text_of(run["sequences"][0], 1));
      if (!run["scores"].is_null()) {
        expect_score(run["scores"][0], results[i].score);
      }
    }
  }
}

TEST_P(BlipAnswerParity, RankedAnswers) {
  const auto answers = record_["answers"].get<std::vector<std::string>>();
  const auto results = load_answerer(directory_)->answer(questions(), {.generation = {}, .answers = answers});
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto scores = record_["ranked"][i].get<std::vector<double>>();
    const auto best = std::ranges::max_element(scores);
    EXPECT_EQ(results[i].answer, answers[static_cast<std::size_t>(best - scores.begin())]);
    EXPECT_NEAR(results[i].score, *best, 1e-3);  // a sum over tokens
  }
}

std::string name_of_case(const ::testing::TestParamInfo<std::string>& test) { return test.param; }

INSTANTIATE_TEST_SUITE_P(All, BlipParity,
                         ::testing::Values("caption", "caption_wide", "caption_interpolated", "caption_transformers4", "match",
                                           "match_wide", "answer", "answer_deep", "answer_transformers4"),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Captions, BlipCaptionParity,
                         ::testing::Values("caption", "caption_wide", "caption_interpolated", "caption_transformers4"),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Matches, BlipMatchParity, ::testing::Values("match", "match_wide"), name_of_case);
INSTANTIATE_TEST_SUITE_P(Answers, BlipAnswerParity, ::testing::Values("answer", "answer_deep", "answer_transformers4"),
                         name_of_case);

INSTANTIATE_TEST_SUITE_P(FullSize, BlipParity,
                         ::testing::ValuesIn(testing::exported("blip", {"caption_base", "match_base", "answer_base"})),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(FullSize, BlipCaptionParity, ::testing::ValuesIn(testing::exported("blip", {"caption_base"})),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(FullSize, BlipMatchParity, ::testing::ValuesIn(testing::exported("blip", {"match_base"})), name_of_case);
INSTANTIATE_TEST_SUITE_P(FullSize, BlipAnswerParity, ::testing::ValuesIn(testing::exported("blip", {"answer_base"})), name_of_case);

}  // namespace
}  // namespace omma
