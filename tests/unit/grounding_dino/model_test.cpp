// What has to hold for any weights.
#include <gtest/gtest.h>

#include "omma/models/grounding_dino/grounding_dino.h"
#include "tests/temporary_directory.h"
#include "tests/unit/grounding_dino/small_grounding_dino.h"

namespace omma::grounding_dino {
namespace {

Model make(const Config& config) {
  torch::manual_seed(3);
  Model model(config);
  model->init_weights();
  torch::NoGradGuard no_grad;
  for (auto& parameter : model->named_parameters())  // away from the zeros that initialisation sets
    if (parameter.value().dim() > 0) parameter.value().add_(0.1 * torch::randn_like(parameter.value()));
  model->eval();
  return model;
}

TextFeatures encode(Model& model, const std::vector<int64_t>& ids) {
  const Tensor tokens = torch::tensor(ids).unsqueeze(0);
  return model->encode_text(tokens, torch::ones_like(tokens, torch::kBool));
}

TextFeatures repeat(const TextFeatures& text, int64_t count) {
  return {text.features.expand({count, -1, -1}), text.token_mask.expand({count, -1}),
          text.self_attention_mask.expand({count, -1, -1}), text.position_ids.expand({count, -1})};
}

TEST(GroundingDino, ABlocksTextDoesNotDependOnTheOthers) {
  torch::NoGradGuard no_grad;
  auto model = make(small());
  const Tensor one = encode(model, {101, 7, 8, 1012, 9, 1012, 102}).features;
  const Tensor other = encode(model, {101, 7, 8, 1012, 55, 1012, 102}).features;
  EXPECT_TRUE(torch::equal(one.narrow(1, 0, 4), other.narrow(1, 0, 4)));
  EXPECT_FALSE(torch::allclose(one[0][4], other[0][4]));
}

TEST(GroundingDino, APictureAloneAndAmongOthers) {
  torch::NoGradGuard no_grad;
  auto model = make(small());
  const TextFeatures text = encode(model, {101, 7, 8, 1012, 9, 1012, 102});
  const Tensor pictures = torch::randn({3, 3, 64, 96});
  const Output together = model->forward(pictures, {}, repeat(text, 3));
  for (int64_t i = 0; i < 3; ++i) {
    const Output alone = model->forward(pictures.narrow(0, i, 1), {}, text);
    EXPECT_TRUE(torch::allclose(alone.boxes[0], together.boxes[i], 1e-4, 1e-4));
    // One product or three pass other kernels, and a logit is a sum of large terms: 1e-4 of the largest.
    const Tensor finite = torch::isfinite(alone.logits[0]);
    const Tensor one = alone.logits[0].masked_select(finite), among = together.logits[i].masked_select(finite);
    EXPECT_TRUE(finite.equal(torch::isfinite(together.logits[i])));
    EXPECT_LT((one - among).abs().max().item<double>(), 1e-4 * one.abs().max().item<double>());
  }
}

TEST(GroundingDino, AWholeMaskIsNoMask) {
  torch::NoGradGuard no_grad;
  auto model = make(small());
  const TextFeatures text = encode(model, {101, 7, 1012, 102});
  const Tensor picture = torch::randn({1, 3, 50, 61});
  const Tensor with = model->forward(picture, torch::ones({1, 50, 61}, torch::kBool), text).logits;
  EXPECT_TRUE(torch::allclose(with, model->forward(picture, {}, text).logits, 1e-5, 1e-5));
}

TEST(GroundingDino, TinyAndThinPictures) {
  torch::NoGradGuard no_grad;
  auto model = make(small());
  const TextFeatures text = encode(model, {101, 7, 1012, 102});
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {1, 300}, {300, 1}, {2, 3}}) {
    const Output output = model->forward(torch::randn({1, 3, height, width}), {}, text);
    EXPECT_GE(output.boxes.size(1), 1);
    EXPECT_TRUE(output.boxes.isfinite().all().item<bool>()) << height << " x " << width;
    EXPECT_FALSE(output.logits.isnan().any().item<bool>()) << height << " x " << width;
  }
}

TEST(GroundingDino, DenoisingQueriesAreSplitOffAndUnseen) {
  torch::NoGradGuard no_grad;
  auto model = make(small());
  const TextFeatures text = encode(model, {101, 7, 1012, 102});
  const Tensor picture = torch::randn({1, 3, 64, 64});
  Tensor mask = torch::zeros({17, 17}, torch::kBool);
  mask.narrow(0, 5, 12).narrow(1, 0, 5).fill_(true);  // queries may not see denoising queries
  const DenoisingQueries denoising{torch::randn({1, 5, 32}), torch::randn({1, 5, 4}), mask};
  const Output with = model->forward(picture, {}, text, &denoising), without = model->forward(picture, {}, text);
  EXPECT_EQ(shape(with.denoising_boxes[1]), "[1, 5, 4]");
  EXPECT_EQ(shape(with.denoising_logits[0]), "[1, 5, 4]");
  EXPECT_TRUE(without.denoising_logits.empty());
  EXPECT_TRUE(torch::allclose(with.logits, without.logits, 1e-4, 1e-4));
  EXPECT_TRUE(torch::allclose(with.boxes, without.boxes, 1e-4, 1e-4));
}

TEST(GroundingDino, EveryWeightHasAGradient) {
  auto model = make(small());
  model->train();
  const Output output = model->forward(torch::randn({1, 3, 64, 64}), {}, encode(model, {101, 7, 1012, 102}));
  Tensor sum = output.encoder_boxes.sum() + output.encoder_logits.sum();
  for (std::size_t i = 0; i < output.layer_boxes.size(); ++i)
    sum = sum + output.layer_boxes[i].sum() + output.layer_logits[i].sum();
  sum.backward();
  for (const auto& parameter : model->named_parameters())
    EXPECT_TRUE(parameter.value().grad().defined() && parameter.value().grad().isfinite().all().item<bool>()) << parameter.key();
}

TEST(GroundingDino, WithoutFusionTheLayersHaveNone) {
  torch::NoGradGuard no_grad;
  Config config = small();
  config.fusion = false;
  auto model = make(config);
  for (const auto& parameter : model->named_parameters()) EXPECT_EQ(parameter.key().find("fusion"), std::string::npos);
  EXPECT_EQ(shape(model->forward(torch::randn({1, 3, 64, 64}), {}, encode(model, {101, 7, 1012, 102})).boxes), "[1, 12, 4]");
}

TEST(GroundingDino, HalfPrecisionKeepsBoxHeads) {
  torch::NoGradGuard no_grad;
  auto model = make(small());
  const Tensor picture = torch::randn({1, 3, 64, 64});
  set_dtype(*model, torch::kBFloat16);
  for (const auto& parameter : model->named_parameters())
    EXPECT_EQ(parameter.value().scalar_type() == torch::kFloat32, parameter.key().find("bbox_embed") != std::string::npos);
  const Output output = model->forward(picture, {}, encode(model, {101, 7, 1012, 102}));
  EXPECT_EQ(output.boxes.scalar_type(), torch::kFloat32);
  EXPECT_TRUE(output.boxes.isfinite().all().item<bool>());
}

TEST(GroundingDino, WrongInputsAreToldByName) {
  torch::NoGradGuard no_grad;
  auto model = make(small());
  const auto error = [](auto&& call) { return testing::invalid_argument_of(call); };
  EXPECT_NE(error([&] { encode(model, {101, 5000, 102}); }).find("input_ids: expected 0 to 1099, got 101 to 5000"),
            std::string::npos);
  EXPECT_NE(
      error([&] { encode(model, {101, 1, 2, 3, 4, 5, 6, 7, 8, 1012, 102}); }).find("at most 8 tokens between separators, got 9"),
      std::string::npos);
  const TextFeatures text = encode(model, {101, 7, 1012, 102});
  EXPECT_NE(error([&] { model->forward(torch::randn({3, 64, 64}), {}, text); }).find("expected [B, 3, H, W], got [3, 64, 64]"),
            std::string::npos);
  EXPECT_NE(error([&] {
              model->forward(torch::randn({1, 3, 64, 64}), torch::ones({1, 64, 60}, torch::kBool), text);
            }).find("pixel_mask: expected bool [1, 64, 64]"),
            std::string::npos);
}

TEST(PadLogits, FillsWithMinusInfinity) {
  const Tensor padded = pad_logits(torch::zeros({1, 2, 3}), 5);
  EXPECT_EQ(shape(padded), "[1, 2, 5]");
  EXPECT_TRUE(padded.narrow(2, 3, 2).isneginf().all().item<bool>());
}

}  // namespace
}  // namespace omma::grounding_dino
