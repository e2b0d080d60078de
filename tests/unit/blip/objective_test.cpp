// BLIP's losses against slow versions written row by row.
#include "omma/recipes/blip/objective.h"

#include <gtest/gtest.h>

#include <cmath>

#include "omma/losses/contrastive.h"
#include "tests/unit/blip/small_blip.h"

namespace omma {
namespace {

BlipBatch some_batch(int64_t rows, std::uint64_t number = 0) {
  torch::manual_seed(static_cast<int64_t>(number) + 3);
  BlipBatch batch;
  batch.pixels = torch::randn({rows, 3, 32, 32});
  batch.input_ids = torch::randint(4, 58, {rows, 6}, torch::kLong);
  batch.input_ids.select(1, 0).fill_(2);
  batch.mask = torch::ones({rows, 6}, torch::kBool);
  batch.mask.select(1, 5).narrow(0, 0, rows / 2).fill_(false);
  batch.input_ids.masked_fill_(~batch.mask, 0);
  batch.pictures = torch::arange(rows) + static_cast<int64_t>(number);
  batch.number = number;
  return batch;
}

BlipObjectiveConfig only(double itc, double itm, double lm) {
  BlipObjectiveConfig config;
  config.itc = itc;
  config.itm = itm;
  config.lm = lm;
  config.queue = 12;
  return config;
}

double value(const Tensor& tensor) { return tensor.item<double>(); }

TEST(Contrastive, SoftTargetsAndCrossEntropyByHand) {
  const Tensor logits = torch::tensor({{1.0, 2.0, 0.5}, {0.1, -0.4, 0.9}}, torch::kDouble);
  const Tensor positives = torch::tensor({{1.0, 0.0, 1.0}, {0.0, 1.0, 0.0}}, torch::kDouble);
  const Tensor targets = soft_targets(logits, positives, 0.4);
  double expected = 0;
  for (int64_t i = 0; i < 2; ++i) {
    double total = 0, hits = 0;
    for (int64_t k = 0; k < 3; ++k) {
      total += std::exp(value(logits[i][k]));
      hits += value(positives[i][k]);
    }
    for (int64_t k = 0; k < 3; ++k) {
      const double p = std::exp(value(logits[i][k])) / total;
      const double target = 0.4 * p + 0.6 * value(positives[i][k]) / hits;
      EXPECT_NEAR(value(targets[i][k]), target, 1e-12);
      expected -= target * std::log(p) / 2;
    }
  }
  EXPECT_NEAR(value(soft_cross_entropy(logits, targets)), expected, 1e-12);
}

TEST(Contrastive, ColumnsAreDrawnInProportion) {
  const Tensor weights = torch::tensor({0.0, 1.0, 3.0, 0.0}).repeat({4000, 1});
  const Tensor drawn = draw_columns(weights, (torch::arange(4000) + 0.5) / 4000);
  EXPECT_EQ(drawn.eq(0).sum().item<int64_t>() + drawn.eq(3).sum().item<int64_t>(), 0);
  EXPECT_NEAR(static_cast<double>(drawn.eq(2).sum().item<int64_t>()) / 4000, 0.75, 0.001);
  const Tensor even = draw_columns(torch::zeros({4000, 4}), (torch::arange(4000) + 0.5) / 4000);
  EXPECT_EQ(even.eq(3).sum().item<int64_t>(), 1000);
}

// Two steps, so that the second one's keys hold a queue and a momentum copy that has moved.
TEST(BlipObjective, ContrastEqualsASlowVersion) {
  BlipObjectiveConfig config = only(1, 0, 0);
  config.momentum = 0.5;
  config.alpha = 0.3;
  Blip model = testing::small_blip("BlipForImageTextRetrieval"), follower = testing::small_blip("BlipForImageTextRetrieval");
  BlipObjective objective(model, config, 1);
  const auto buffers = objective->named_buffers();
  const Tensor image_queue = buffers["image_queue"].clone(), text_queue = buffers["text_queue"].clone();
  std::vector<std::vector<Tensor>> queued_image, queued_text;  // entries in the order of the queue
  for (int64_t q = 0; q < config.queue; ++q) {
    queued_image.push_back({image_queue[q]});
    queued_text.push_back({text_queue[q]});
  }
  for (int64_t step = 0; step < 4; ++step) {
    const BlipBatch batch = some_batch(4, static_cast<std::uint64_t>(4 * step));
    const double got = value(objective->forward(batch, step).total);
    {
      const torch::NoGradGuard no_grad;
      for (auto& parameter : follower->named_parameters())
        parameter.value().mul_(0.5).add_(model->named_parameters()[parameter.key()], 0.5);
    }
    const torch::NoGradGuard no_grad;
    const Tensor image = model->embed_image(model->vision_model(batch.pixels)),
                 text = model->embed_text(batch.input_ids, batch.mask);
    const Tensor image_m = follower->embed_image(follower->vision_model(batch.pixels));
    const Tensor text_m = follower->embed_text(batch.input_ids, batch.mask);
    std::vector<Tensor> keys_image, keys_text;
    for (int64_t i = 0; i < 4; ++i) {
      keys_image.push_back(image_m[i]);
      keys_text.push_back(text_m[i]);
    }
    for (const auto& entry : queued_image) keys_image.push_back(entry[0]);
    for (const auto& entry : queued_text) keys_text.push_back(entry[0]);
    const auto one_way = [&](const Tensor& rows, const Tensor& rows_m, const std::vector<Tensor>& keys) {
      double loss = 0;
      for (int64_t i = 0; i < 4; ++i) {
        double total = 0, total_m = 0;
        for (const Tensor& key : keys) {
          total += std::exp(value(rows[i].dot(key)) / config.temperature);
          total_m += std::exp(value(rows_m[i].dot(key)) / config.temperature);
        }
        for (std::size_t k = 0; k < keys.size(); ++k) {
          const double p = std::exp(value(rows[i].dot(keys[k])) / config.temperature) / total;
          const double p_m = std::exp(value(rows_m[i].dot(keys[k])) / config.temperature) / total_m;
          loss -= (0.3 * p_m + 0.7 * (static_cast<int64_t>(k) == i ? 1 : 0)) * std::log(p) / 4;
        }
      }
      return loss;
    };
    EXPECT_NEAR(got, (one_way(image, image_m, keys_text) + one_way(text, text_m, keys_image)) / 2, 1e-3) << step;
    for (int64_t i = 0; i < 4; ++i) {  // the batch takes the place of the oldest
      const auto place = static_cast<std::size_t>((4 * step + i) % config.queue);
      queued_image[place] = {image_m[i]};
      queued_text[place] = {text_m[i]};
    }
    for (auto& parameter : model->parameters()) parameter.add_(0.05 * torch::randn_like(parameter));  // a step of learning
  }
}

TEST(BlipObjective, PairsOfOnePictureAreAllPositive) {
  BlipObjectiveConfig config = only(1, 0, 0);
  config.identity_targets = true;
  config.alpha = 0;
  config.queue = 0;
  Blip model = testing::small_blip("BlipForImageTextRetrieval");
  BlipObjective objective(model, config, 1);
  BlipBatch batch = some_batch(2);
  batch.pixels[1] = batch.pixels[0];
  batch.input_ids[1] = batch.input_ids[0];
  batch.mask.fill_(true);
  batch.pictures = torch::tensor({5, 5}, torch::kLong);
  EXPECT_NEAR(value(objective->forward(batch, 0).total), std::log(2.0), 1e-4);  // both columns are equally right
}

// The matching loss with the negatives that the objective must have drawn, known because only one other row is possible.
TEST(BlipObjective, MatchingEqualsASlowVersion) {
  Blip model = testing::small_blip("BlipForImageTextRetrieval");
  BlipObjective objective(model, only(0, 1, 0), 1);
  const BlipBatch batch = some_batch(2);
  const double got = value(objective->forward(batch, 0).total);
  const torch::NoGradGuard no_grad;
  const Tensor features = model->vision_model(batch.pixels);
  double expected = 0;
  const auto add = [&](int64_t picture, int64_t text, int64_t label) {
    const BlipSource source = model->text_encoder->project(features.narrow(0, picture, 1));
    const Tensor logits = model->match_logits(batch.input_ids.narrow(0, text, 1), batch.mask.narrow(0, text, 1), source);
    expected -= value(torch::log_softmax(logits, -1)[0][label]) / 6;
  };
  for (int64_t i = 0; i < 2; ++i) {
    add(i, i, 1);      // the pair
    add(i, 1 - i, 0);  // the picture with another text
    add(1 - i, i, 0);  // the text with another picture
  }
  EXPECT_NEAR(got, expected, 1e-5);
}

// Each picture beside its pair, the text known to be wrong, and the other picture beside its text.
TEST(BlipObjective, MatchingTakesTextsKnownToBeWrong) {
  Blip model = testing::small_blip("BlipForImageTextRetrieval");
  BlipObjectiveConfig config = only(0, 1, 0);
  config.known_wrong = 1;
  BlipObjective objective(model, config, 1);
  BlipBatch batch = some_batch(2);
  const double without = value(objective->forward(batch, 0).total);
  const BlipBatch other = some_batch(2, 17);
  batch.wrong_ids = other.input_ids;
  batch.wrong_mask = other.mask;
  batch.has_wrong = torch::zeros({2}, torch::kBool);
  EXPECT_NEAR(value(objective->forward(batch, 0).total), without, 1e-6);  // no picture has one
  batch.has_wrong.fill_(true);
  const double got = value(objective->forward(batch, 0).total);
  const torch::NoGradGuard no_grad;
  const Tensor features = model->vision_model(batch.pixels);
  double expected = 0;
  const auto add = [&](int64_t picture, const Tensor& ids, const Tensor& mask, int64_t text, int64_t label) {
    const BlipSource source = model->text_encoder->project(features.narrow(0, picture, 1));
    const Tensor logits = model->match_logits(ids.narrow(0, text, 1), mask.narrow(0, text, 1), source);
    expected -= value(torch::log_softmax(logits, -1)[0][label]) / 6;
  };
  for (int64_t i = 0; i < 2; ++i) {
    add(i, batch.input_ids, batch.mask, i, 1);
    add(i, batch.wrong_ids, batch.wrong_mask, i, 0);
    add(1 - i, batch.input_ids, batch.mask, i, 0);
  }
  EXPECT_NEAR(got, expected, 1e-5);
  EXPECT_GT(std::abs(got - without), 1e-4);
}

TEST(BlipObjective, LanguageModelLossEqualsASlowVersion) {
  Blip model = testing::small_blip("BlipForConditionalGeneration");
  BlipObjective objective(model, only(0, 0, 1), 1);
  const BlipBatch batch = some_batch(4);
  const double got = value(objective->forward(batch, 0).total);
  const torch::NoGradGuard no_grad;
  const Tensor features = model->vision_model(batch.pixels);
  double sum = 0, tokens = 0;
  for (int64_t row = 0; row < 4; ++row) {
    const BlipSource source = model->text_decoder->bert->project(features.narrow(0, row, 1));
    const int64_t length = batch.mask[row].sum().item<int64_t>();
    Tensor ids = batch.input_ids[row].narrow(0, 0, length).clone();
    ids[0] = 58;
    for (int64_t t = 1; t < length; ++t) {  // each token from its own prefix
      const BlipTextInput prefix{.input_ids = ids.narrow(0, 0, t).unsqueeze(0), .mask = {}, .source = &source, .causal = true};
      const Tensor log_p = torch::log_softmax(model->text_decoder->logits(model->text_decoder->bert(prefix))[0][t - 1], 0);
      sum -= 0.9 * value(log_p[ids[t].item<int64_t>()]) + 0.1 * value(log_p.mean());
      ++tokens;
    }
  }
  EXPECT_NEAR(got, sum / tokens, 1e-4);
}

TEST(BlipObjective, AllThreeReachEveryParameter) {
  Blip model = testing::small_blip("BlipForPreTraining");
  BlipObjective objective(model, only(1, 1, 1), 1);
  const StepLoss loss = objective->forward(some_batch(4), 0);
  ASSERT_EQ(loss.parts.size(), 3U);
  EXPECT_NEAR(value(loss.total), value(loss.parts[0].second) + value(loss.parts[1].second) + value(loss.parts[2].second), 1e-4);
  loss.total.backward();
  for (const auto& parameter : objective->named_parameters()) {
    const Tensor& gradient = parameter.value().grad();
    EXPECT_TRUE(gradient.defined() && gradient.isfinite().all().item<bool>()) << parameter.key();
  }
}

TEST(BlipObjective, MissingPartsAreNamed) {
  EXPECT_THROW(BlipObjective(testing::small_blip("BlipForConditionalGeneration"), only(1, 0, 0), 1), std::invalid_argument);
  EXPECT_THROW(BlipObjective(testing::small_blip("BlipForImageTextRetrieval"), only(0, 0, 1), 1), std::invalid_argument);
}

}  // namespace
}  // namespace omma
