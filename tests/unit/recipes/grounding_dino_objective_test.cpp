// Grounding DINO's loss against a slow version in plain loops, in double precision: batched, with denoising queries.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "omma/recipes/grounding_dino/objective.h"

namespace omma::grounding_dino {
namespace {

struct Batch {
  Output output;
  Targets targets;
};

Tensor random_boxes(int64_t batch, int64_t queries) {
  return torch::cat({0.2 + 0.6 * torch::rand({batch, queries, 2}), 0.05 + 0.3 * torch::rand({batch, queries, 2})}, -1)
      .requires_grad_(true);
}

// Three samples with 2, 0 and 3 boxes; the last prompt is shorter, the first has a box of two phrases.
Batch make_batch() {
  torch::manual_seed(5);
  constexpr int64_t samples = 3, queries = 5, tokens = 9, layers = 2;
  Batch batch;
  const auto logits = [&](int64_t count) {
    Tensor raw = torch::randn({samples, count, tokens});
    raw[2].slice(1, 6) = -std::numeric_limits<float>::infinity();
    return raw.requires_grad_(true);
  };
  for (int64_t layer = 0; layer < layers; ++layer) {
    batch.output.layer_logits.push_back(logits(queries));
    batch.output.layer_boxes.push_back(random_boxes(samples, queries));
  }
  batch.output.encoder_logits = logits(queries);
  batch.output.encoder_boxes = random_boxes(samples, queries);
  batch.targets.counts = {2, 0, 3};
  batch.targets.phrase_counts = {3, 2, 1};
  batch.targets.boxes = random_boxes(1, 5)[0].detach().contiguous();
  batch.targets.phrase_tokens = torch::zeros({samples, 3, tokens});
  batch.targets.phrase_tokens[0][0].slice(0, 1, 3) = 1;
  batch.targets.phrase_tokens[0][1].slice(0, 4, 5) = 1;
  batch.targets.phrase_tokens[0][2].slice(0, 6, 8) = 1;
  batch.targets.phrase_tokens[1][0].slice(0, 1, 2) = 1;
  batch.targets.phrase_tokens[1][1].slice(0, 3, 5) = 1;
  batch.targets.phrase_tokens[2][0].slice(0, 1, 4) = 1;
  batch.targets.tokens =
      torch::stack({batch.targets.phrase_tokens[0][0] + batch.targets.phrase_tokens[0][2], batch.targets.phrase_tokens[0][1],
                    batch.targets.phrase_tokens[2][0], batch.targets.phrase_tokens[2][0], batch.targets.phrase_tokens[2][0]});
  return batch;
}

double at(const Tensor& tensor, std::initializer_list<int64_t> place) {
  Tensor value = tensor.detach();
  for (const int64_t i : place) value = value[i];
  return value.item<double>();
}

double slow_focal(double logit, bool positive) {
  if (std::isinf(logit)) return 0;
  const double p = 1 / (1 + std::exp(-logit));
  return positive ? -0.25 * (1 - p) * (1 - p) * std::log(p) : -0.75 * p * p * std::log(1 - p);
}

double slow_giou(const Tensor& a, const Tensor& b) {
  const auto edge = [](const Tensor& box, int64_t axis, double side) { return at(box, {axis}) + side * at(box, {axis + 2}) / 2; };
  double inner = 1, hull = 1, own = 1, other = 1;
  for (int64_t axis = 0; axis < 2; ++axis) {
    inner *= std::max(0.0, std::min(edge(a, axis, 1), edge(b, axis, 1)) - std::max(edge(a, axis, -1), edge(b, axis, -1)));
    hull *= std::max(edge(a, axis, 1), edge(b, axis, 1)) - std::min(edge(a, axis, -1), edge(b, axis, -1));
    own *= at(a, {axis + 2});
    other *= at(b, {axis + 2});
  }
  const double united = own + other - inner;
  return inner / united - (hull - united) / hull;
}

double slow_l1(const Tensor& a, const Tensor& b) { return (a.detach() - b.detach()).abs().sum().item<double>(); }

// The cheapest way to give the sample's boxes queries of their own, by trying all.
std::vector<int64_t> slow_match(const Tensor& logits, const Tensor& boxes, const Targets& targets, int64_t first, int64_t count) {
  std::vector<int64_t> order(static_cast<std::size_t>(logits.size(0))), best;
  std::iota(order.begin(), order.end(), 0);
  double least = std::numeric_limits<double>::infinity();
  do {
    double cost = 0;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t query = order[static_cast<std::size_t>(i)];
      double classes = 0, owned = 0;
      for (int64_t token = 0; token < logits.size(1); ++token) {
        if (at(targets.tokens, {first + i, token}) == 0) continue;
        classes += slow_focal(at(logits, {query, token}), true) - slow_focal(at(logits, {query, token}), false);
        owned += 1;
      }
      cost += 2 * classes / owned + 5 * slow_l1(boxes[query], targets.boxes[first + i]) -
              2 * slow_giou(boxes[query], targets.boxes[first + i]);
    }
    if (cost < least) {
      least = cost;
      best.assign(order.begin(), order.begin() + count);
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

double slow_layer(const Tensor& logits, const Tensor& boxes, const Targets& targets, const ObjectiveConfig& config) {
  double sum = 0;
  int64_t first = 0;
  for (int64_t sample = 0; sample < targets.samples(); ++sample) {
    const int64_t count = targets.counts[static_cast<std::size_t>(sample)];
    const auto match = slow_match(logits[sample], boxes[sample], targets, first, count);
    for (int64_t query = 0; query < logits.size(1); ++query) {
      const auto owner = std::find(match.begin(), match.end(), query);
      const int64_t target = owner == match.end() ? -1 : first + (owner - match.begin());
      for (int64_t token = 0; token < logits.size(2); ++token)
        sum += config.class_weight *
               slow_focal(at(logits, {sample, query, token}), target >= 0 && at(targets.tokens, {target, token}) > 0);
      if (target < 0) continue;
      sum += config.l1_weight * slow_l1(boxes[sample][query], targets.boxes[target]);
      sum += config.giou_weight * (1 - slow_giou(boxes[sample][query], targets.boxes[target]));
    }
    first += count;
  }
  return sum / static_cast<double>(targets.size());
}

TEST(Objective, BatchedLossEqualsTheSlowVersion) {
  const Batch batch = make_batch();
  const ObjectiveConfig config;
  double expected = slow_layer(batch.output.encoder_logits, batch.output.encoder_boxes, batch.targets, config);
  for (std::size_t i = 0; i < 2; ++i)
    expected += slow_layer(batch.output.layer_logits[i], batch.output.layer_boxes[i], batch.targets, config);
  const ObjectiveLoss loss = grounding_loss(batch.output, batch.targets, config);
  EXPECT_NEAR(loss.total.item<double>(), expected, 1e-4 * expected);
  loss.total.backward();
  EXPECT_TRUE(batch.output.layer_logits[0].grad().isfinite().all().item<bool>());
  EXPECT_EQ(batch.output.layer_logits[0].grad()[2].slice(1, 6).abs().sum().item<double>(), 0) << "padding has a gradient";
}

TEST(Objective, DenoisingTermEqualsTheSlowVersion) {
  Batch batch = make_batch();
  Rng rng(9);
  const Tensor text = torch::randn({3, 9, 16});
  const DenoisingBatch denoising = make_denoising(batch.targets, text, 5, {.queries = 14, .label_noise = 0.5, .box_noise = 1}, rng);
  ASSERT_EQ(denoising.groups, 2);
  ASSERT_EQ(denoising.queries.content.sizes(), (std::vector<int64_t>{3, 12, 16}));
  for (int i = 0; i < 2; ++i) {
    batch.output.denoising_logits.push_back(torch::randn({3, 12, 9}));
    batch.output.denoising_boxes.push_back(random_boxes(3, 12));
  }
  const ObjectiveConfig config;
  double expected = 0;
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const std::vector<int64_t> firsts = {0, 2, 2};
    for (int64_t sample = 0; sample < 3; ++sample) {
      for (int64_t place = 0; place < 12; ++place) {
        const int64_t in_group = place % 6, of_sample = in_group % 3;
        if (of_sample >= batch.targets.counts[static_cast<std::size_t>(sample)]) continue;
        const int64_t target = firsts[static_cast<std::size_t>(sample)] + of_sample;
        const bool positive = in_group < 3;
        for (int64_t token = 0; token < 9; ++token)
          expected += config.class_weight * slow_focal(at(batch.output.denoising_logits[layer], {sample, place, token}),
                                                       positive && at(batch.targets.tokens, {target, token}) > 0);
        if (!positive) continue;
        const Tensor box = batch.output.denoising_boxes[layer][sample][place];
        expected += config.l1_weight * slow_l1(box, batch.targets.boxes[target]) +
                    config.giou_weight * (1 - slow_giou(box, batch.targets.boxes[target]));
      }
    }
  }
  expected /= 5.0 * 2.0;
  const ObjectiveLoss loss = grounding_loss(batch.output, batch.targets, config, &denoising);
  EXPECT_NEAR(loss.denoising.item<double>(), expected, 1e-4 * expected);
}

// A grid of 4 x 4 positions that all guess the box of their own cell, the first row not valid; a box over the lower left quarter,
// one over all of the picture, and one so small that it holds no centre.
struct Grid {
  Targets targets;
  AllProposals proposals;
};

Grid make_grid() {
  Grid grid;
  const Tensor steps = (torch::arange(4, torch::kFloat32) + 0.5) / 4;
  const Tensor centres = torch::stack({steps.repeat({4}), steps.repeat_interleave(4)}, -1).unsqueeze(0);
  grid.proposals = {.logits = torch::zeros({1, 16, 2}),
                    .boxes = torch::cat({centres, torch::full({1, 16, 2}, 0.25)}, -1),
                    .centres = centres,
                    .valid = torch::arange(16).ge(4).unsqueeze(0)};
  grid.targets.counts = {3};
  grid.targets.phrase_counts = {2};
  grid.targets.boxes = torch::tensor({{0.25, 0.75, 0.5, 0.5}, {0.5, 0.5, 1.0, 1.0}, {0.999, 0.499, 0.001, 0.001}});
  grid.targets.tokens = torch::tensor({{1.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}});
  grid.targets.phrase_tokens = torch::eye(2).unsqueeze(0);
  return grid;
}

TEST(Claims, PositionsInABoxStandForIt) {
  Grid grid = make_grid();
  const auto claimed = [&](int64_t share) {
    std::map<int64_t, int64_t> owners;
    for (const Claim& claim : claim_positions(grid.proposals.logits, grid.proposals.boxes, grid.proposals.centres,
                                              grid.proposals.valid, grid.targets, {}, share))
      owners[claim.position] = claim.box;
    return owners;
  };
  // The lower left quarter holds 8, 9, 12 and 13; 7 is the nearest valid centre to the small box; the large one costs least at the
  // four in the middle, of which 9 costs less for the first box and 5, 6 and 10 for nobody else.
  EXPECT_EQ(claimed(4), (std::map<int64_t, int64_t>{{5, 1}, {6, 1}, {7, 2}, {8, 0}, {9, 0}, {10, 1}, {12, 0}, {13, 0}}));
  grid.proposals.boxes[0][13] = grid.targets.boxes[0];
  EXPECT_EQ(claimed(1).at(13), 0) << "the best guess first";
  EXPECT_FALSE(claimed(1).contains(9)) << "the large box lost its only one";
}

TEST(Objective, EveryPositionLearnsWhatItSees) {
  Batch batch = make_batch();
  Grid grid = make_grid();
  batch.targets = grid.targets;
  batch.output = {};
  batch.output.layer_logits = {torch::randn({1, 5, 2})};
  batch.output.layer_boxes = {random_boxes(1, 5)};
  ObjectiveConfig config;
  const double without = grounding_loss(batch.output, batch.targets, config).total.item<double>();
  batch.output.proposals = grid.proposals;
  batch.output.proposals->logits.requires_grad_(true);
  config.proposal_weight = 0.5;
  const ObjectiveLoss loss = grounding_loss(batch.output, batch.targets, config);
  EXPECT_NEAR(loss.total.item<double>(), without + loss.proposals.item<double>(), 1e-5);
  loss.total.backward();
  const Tensor pull = -grid.proposals.logits.grad()[0];  // where a step down the gradient leads
  for (const int64_t position : {8, 9, 12, 13}) EXPECT_GT(at(pull, {position, 0}), 0) << position;
  for (const int64_t position : {5, 6, 10}) EXPECT_GT(at(pull, {position, 1}), 0) << position;
  for (const int64_t position : {4, 11, 14, 15}) EXPECT_LT(at(pull, {position, 0}), 0) << position << " shows nothing";
  EXPECT_EQ(pull.slice(0, 0, 4).abs().sum().item<double>(), 0) << "not valid";
}

TEST(Objective, NoBoxesStillTeachSilence) {
  Batch batch = make_batch();
  batch.targets.counts = {0, 0, 0};
  batch.targets.boxes = torch::zeros({0, 4});
  batch.targets.tokens = torch::zeros({0, 9});
  Rng rng(1);
  const DenoisingBatch denoising = make_denoising(batch.targets, torch::randn({3, 9, 16}), 5, {}, rng);
  EXPECT_EQ(denoising.groups, 0);
  const ObjectiveLoss loss = grounding_loss(batch.output, batch.targets, {}, &denoising);
  EXPECT_GT(loss.total.item<double>(), 0);
  EXPECT_FALSE(loss.denoising.defined());
}

TEST(Denoising, QueriesStartWhereTheyShould) {
  const Batch batch = make_batch();
  Rng rng(2);
  const Tensor text = torch::randn({3, 9, 16});
  const DenoisingBatch exact = make_denoising(batch.targets, text, 5, {.queries = 6, .label_noise = 0, .box_noise = 1e-6}, rng);
  ASSERT_EQ(exact.positives.size(), 5U);
  for (std::size_t i = 0; i < exact.positives.size(); ++i) {
    const int64_t sample = exact.positives[i] / 6, place = exact.positives[i] % 6;
    const Tensor words = batch.targets.tokens[exact.boxes[i]];
    const Tensor mean = (words / words.sum()).unsqueeze(0).matmul(text[sample])[0];
    EXPECT_TRUE(torch::allclose(exact.queries.content[sample][place], mean, 1e-5, 1e-6));
    EXPECT_TRUE(
        torch::allclose(exact.queries.boxes_unsigmoid[sample][place].sigmoid(), batch.targets.boxes[exact.boxes[i]], 1e-3, 1e-4));
  }
  EXPECT_EQ(exact.used.sum().item<double>(), 10);
}

TEST(Denoising, MaskLetsNothingLeak) {
  const Tensor mask = denoising_mask(3, 4, 5);  // true = may not attend
  for (int64_t row = 0; row < 17; ++row) {
    for (int64_t column = 0; column < 17; ++column) {
      const bool denoising_column = column < 12, same_group = row < 12 && denoising_column && row / 4 == column / 4;
      EXPECT_EQ(mask[row][column].item<bool>(), denoising_column && !same_group) << row << ", " << column;
    }
  }
}

// The ground truth must not leak: neither from denoising queries to the ordinary ones, nor from one group to another.
TEST(Denoising, GroupsDoNotLeakThroughTheModel) {
  Config config;
  config.model_type = "mm-grounding-dino";
  config.d_model = 32;
  config.num_queries = 6;
  config.num_feature_levels = 2;
  config.encoder_layers = config.decoder_layers = 2;
  config.encoder_ffn_dim = config.decoder_ffn_dim = 32;
  config.encoder_attention_heads = config.decoder_attention_heads = 4;
  config.backbone_config = {.embed_dim = 8, .depths = {1, 1}, .num_heads = {1, 2}, .window_size = 4, .out_indices = {2}};
  config.text_config = {.vocab_size = 1100,
                        .hidden_size = 32,
                        .num_hidden_layers = 1,
                        .num_attention_heads = 2,
                        .intermediate_size = 32,
                        .max_position_embeddings = 32};
  torch::manual_seed(3);
  Model model(config);
  model->init_weights();
  model->eval();
  const torch::NoGradGuard no_grad;
  const Tensor ids = torch::tensor({{101, 200, 1012, 301, 302, 1012, 102}}, torch::kInt64);
  const TextFeatures text = model->encode_text(ids, torch::ones_like(ids).to(torch::kBool));
  const Tensor pixels = torch::randn({1, 3, 32, 32});
  DenoisingQueries queries{
      .content = torch::randn({1, 8, 32}), .boxes_unsigmoid = torch::randn({1, 8, 4}), .attention_mask = denoising_mask(2, 4, 6)};
  const Output plain = model->forward(pixels, {}, text);
  const Output before = model->forward(pixels, {}, text, &queries);
  queries.content = queries.content.clone();
  queries.content.slice(1, 4) += 1;  // the second group's ground truth changes
  queries.boxes_unsigmoid = queries.boxes_unsigmoid.clone();
  queries.boxes_unsigmoid.slice(1, 4) -= 1;
  const Output after = model->forward(pixels, {}, text, &queries);
  for (std::size_t layer = 0; layer < 2; ++layer) {
    EXPECT_TRUE(torch::allclose(plain.layer_logits[layer], before.layer_logits[layer], 1e-4, 1e-5));
    EXPECT_TRUE(torch::equal(before.layer_logits[layer], after.layer_logits[layer]));
    EXPECT_TRUE(torch::equal(before.layer_boxes[layer], after.layer_boxes[layer]));
    EXPECT_TRUE(torch::equal(before.denoising_logits[layer].slice(1, 0, 4), after.denoising_logits[layer].slice(1, 0, 4)));
    EXPECT_FALSE(torch::equal(before.denoising_logits[layer].slice(1, 4), after.denoising_logits[layer].slice(1, 4)));
  }
}

}  // namespace
}  // namespace omma::grounding_dino
