// Adapters on every linear layer of every model: all take part, however a model uses its weights. The model that computes with them
// and the one that was saved with them in its weights say the same.
#include <gtest/gtest.h>

#include <functional>

#include "omma/models/grounding_dino/grounding_dino.h"
#include "omma/models/sam/sam.h"
#include "omma/nn/lora.h"
#include "omma/nn/weights.h"
#include "tests/temporary_directory.h"
#include "tests/unit/blip/small_blip.h"
#include "tests/unit/grounding_dino/small_grounding_dino.h"
#include "tests/unit/llama/tiny_llama.h"
#include "tests/unit/sam/small_sam.h"

namespace omma {
namespace {

// What a model says to something fixed.
template <class Model>
using Answers = std::function<std::vector<Tensor>(Model&)>;

template <class Model, class Config>
Model random_model(const Config& config) {
  torch::manual_seed(7);
  Model model(config);
  const torch::NoGradGuard no_grad;
  for (const Tensor& parameter : model->parameters())
    if (parameter.dim() > 0) Tensor(parameter).add_(0.1 * torch::randn_like(parameter));
  model->eval();
  return model;
}

double relative_difference(const Tensor& a, const Tensor& b) {
  const Tensor finite = torch::isfinite(a);  // logits of no word are -inf
  EXPECT_TRUE(finite.equal(torch::isfinite(b)));
  const Tensor one = a.masked_select(finite), other = b.masked_select(finite);
  return ((one - other).abs().max() / one.abs().max()).item<double>();
}

template <class Model, class Config>
void expect_all_take_part(const Config& config, const Answers<Model>& answers) {
  Model model = random_model<Model>(config);
  const std::vector<Tensor> before = answers(model);
  const auto layers = add_lora(*model, {.rank = 2, .alpha = 4, .targets = {"*"}});
  {
    const torch::NoGradGuard no_grad;
    for (const AdaptedLayer& layer : adapted_layers(*model)) Tensor(layer.b).normal_(0, 0.1);
  }
  const testing::TemporaryDirectory directory;
  save_weights(directory / "merged.safetensors", *model);
  Model merged = random_model<Model>(config);
  load_weights(*merged, read_safetensors(directory / "merged.safetensors"), {}, "merged");
  for (const bool gradients : {true, false}) {  // they take other paths
    const torch::AutoGradMode mode(gradients);
    const std::vector<Tensor> apart = answers(model), together = answers(merged);
    for (std::size_t i = 0; i < apart.size(); ++i) {
      EXPECT_LT(relative_difference(apart[i], together[i]), 2e-5) << i << (gradients ? " with" : " without") << " gradients";
      EXPECT_GT(relative_difference(apart[i], before[i]), 1e-3) << i;
    }
  }
  Tensor sum = torch::zeros({});
  for (const Tensor& answer : answers(model)) sum = sum + answer.masked_select(torch::isfinite(answer)).square().sum();
  sum.backward();
  for (const AdaptedLayer& layer : adapted_layers(*model)) {
    ASSERT_TRUE(layer.a.grad().defined() && layer.b.grad().defined()) << layer.name;
    EXPECT_GT(layer.b.grad().abs().max().item<double>(), 0) << layer.name;
  }
}

// One click on each of a few objects and of many (other products are fewer), and a box.
std::vector<Tensor> masks_of(sam::Model& model) {
  torch::manual_seed(5);
  const Tensor embedding = model->encode_image(torch::randn({1, 3, 64, 64}));
  std::vector<Tensor> answers;
  for (const int64_t prompts : {1, 40}) {
    sam::Prompts clicks;
    clicks.points = 64 * torch::rand({prompts, 1, 2});
    clicks.labels = torch::ones({prompts, 1}, torch::kInt64);
    const sam::DecodedMasks masks = model(embedding, clicks);
    answers.insert(answers.end(), {masks.logits, masks.iou});
  }
  return answers;
}

sam::Config small_sam() {
  sam::Config config = sam::read_model_config(sam::small_sam(), "small");
  config.vision_config.window_size = 3;  // with padding
  return config;
}

TEST(Adapters, OfSam) { expect_all_take_part<sam::Model>(small_sam(), Answers<sam::Model>(masks_of)); }

TEST(Adapters, OfSamWithMobileSamsEncoder) {
  sam::Config config = small_sam();
  config.tiny_vit = sam::TinyVitConfig();
  config.tiny_vit->image_size = 64;
  config.tiny_vit->embed_dims = {8, 16, 24, 32};
  config.tiny_vit->depths = {1, 1, 2, 1};
  config.tiny_vit->num_heads = {1, 2, 2, 4};
  config.tiny_vit->window_sizes = {4, 4, 4, 4};
  config.tiny_vit->output_channels = 32;
  config.prompt_encoder_config.patch_size = config.tiny_vit->patch_size();
  expect_all_take_part<sam::Model>(config, Answers<sam::Model>(masks_of));
}

TEST(Adapters, OfGroundingDino) {
  grounding_dino::Config config = grounding_dino::small();
  config.two_stage = true;
  expect_all_take_part<grounding_dino::Model>(
      config, Answers<grounding_dino::Model>([](grounding_dino::Model& model) {
        torch::manual_seed(5);
        const Tensor tokens = torch::tensor({{101L, 7L, 8L, 1012L, 102L}});
        const auto text = model->encode_text(tokens, torch::ones_like(tokens, torch::kBool));
        const grounding_dino::Output output = model->forward(torch::randn({1, 3, 64, 96}), {}, text);
        return std::vector<Tensor>{output.boxes, output.logits, output.encoder_boxes, output.encoder_logits};
      }));
}

TEST(Adapters, OfBlip) {
  expect_all_take_part<Blip>(
      testing::small_blip_config("BlipForPreTraining"), Answers<Blip>([](Blip& model) {
        torch::manual_seed(5);
        const Tensor features = model->vision_model(torch::randn({1, 3, 32, 32}));
        const Tensor ids = torch::tensor({{2L, 7L, 8L, 9L, 3L}});
        const BlipSource seen = model->text_encoder->project(features), source = model->text_decoder->bert->project(features);
        const BlipTextInput input{.input_ids = ids, .mask = {}, .source = &source, .causal = true};
        return std::vector<Tensor>{model->embed_image(features), model->embed_text(ids), model->match_logits(ids, {}, seen),
                                   model->text_decoder->logits(model->text_decoder->bert(input))};
      }));
}

TEST(Adapters, OfLlama) {
  LlamaConfig config = testing::tiny_llama_config(40);
  expect_all_take_part<LlamaForCausalLM>(config, Answers<LlamaForCausalLM>([](LlamaForCausalLM& model) {
                                           return std::vector<Tensor>{model->forward(torch::tensor({{1L, 5L, 9L, 30L}}))};
                                         }));
}

}  // namespace
}  // namespace omma
