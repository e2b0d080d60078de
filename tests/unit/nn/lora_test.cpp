// Adapters on linear layers: what they compute, what learns, what is refused.
#include "omma/nn/lora.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "omma/nn/int8_linear.h"
#include "omma/nn/layers.h"
#include "omma/nn/linear.h"
#include "omma/nn/weights.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

// Two blocks of a query and an output, and a head.
class SmallModelImpl : public torch::nn::Module {
 public:
  SmallModelImpl() {
    for (int i = 0; i < 2; ++i) {
      query.push_back(register_at(*this, fmt::format("layers.{}.attn.query", i), Linear(6, 4)));
      out.push_back(register_at(*this, fmt::format("layers.{}.attn.out", i), Linear(4, 6)));
    }
    head = register_module("head", Linear(torch::nn::LinearOptions(6, 3).bias(false)));
    norm = register_module("norm", layer_norm(6, 1e-5));
  }
  Tensor forward(const Tensor& x) {
    Tensor y = x;
    for (std::size_t i = 0; i < query.size(); ++i) y = y + out[i](query[i]->forward_with(y, activation_by_name("relu")));
    return head(norm(y));
  }
  std::vector<Linear> query, out;
  Linear head = nullptr;
  torch::nn::LayerNorm norm = nullptr;
};
TORCH_MODULE(SmallModel);

SmallModel small_model() {
  torch::manual_seed(3);
  SmallModel model;
  model->eval();
  return model;
}

LoraConfig config_for(std::vector<std::string> targets) { return {.rank = 2, .alpha = 6, .targets = std::move(targets)}; }

void randomise(const torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (const AdaptedLayer& layer : adapted_layers(module)) Tensor(layer.b).normal_(0, 0.5);
}

std::vector<std::string> learning(const torch::nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& item : module.named_parameters())
    if (item.value().requires_grad()) names.push_back(item.key());
  std::ranges::sort(names);
  return names;
}

double difference(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(Lora, PatternsAreComparedFromTheEnd) {
  EXPECT_TRUE(chooses("query", "layers.0.attn.query"));
  EXPECT_TRUE(chooses("layers.0.attn.query", "layers.0.attn.query"));
  EXPECT_TRUE(chooses("layers.*.attn.query", "text.layers.11.attn.query"));
  EXPECT_TRUE(chooses("*", "head"));
  EXPECT_FALSE(chooses("query", "layers.0.attn.subquery"));
  EXPECT_FALSE(chooses("attn", "layers.0.attn.query"));
  EXPECT_FALSE(chooses("layers.*.query", "layers.0.attn.query"));
  EXPECT_FALSE(chooses("text.head", "head"));
}

TEST(Lora, StartsAsTheBaseAndLearnsAlone) {
  SmallModel model = small_model();
  const Tensor x = torch::randn({5, 6}), before = model(x).detach();
  EXPECT_EQ(add_lora(*model, config_for({"query", "layers.1.attn.out"})),
            (std::vector<std::string>{"layers.0.attn.query", "layers.1.attn.query", "layers.1.attn.out"}));
  EXPECT_TRUE(torch::equal(model(x), before));
  EXPECT_EQ(learning(*model), (std::vector<std::string>{"layers.0.attn.query.lora_A.weight", "layers.0.attn.query.lora_B.weight",
                                                        "layers.1.attn.out.lora_A.weight", "layers.1.attn.out.lora_B.weight",
                                                        "layers.1.attn.query.lora_A.weight", "layers.1.attn.query.lora_B.weight"}));
  const LowRankAdapter& adapter = *model->query[0]->adapter();
  EXPECT_EQ(shape(adapter.a), "[2, 6]");
  EXPECT_EQ(shape(adapter.b), "[4, 2]");
  EXPECT_EQ(adapter.scale, 3);
  EXPECT_LE(adapter.a.abs().max().item<double>(), 1 / std::sqrt(6.));
  EXPECT_GT(adapter.a.abs().min().item<double>(), 0);
  EXPECT_FALSE(torch::equal(adapter.a, model->query[1]->adapter()->a));
}

// y = W x + s B A x with dL/dy = G: dL/dB = s G' (x A'), dL/dA = s (G B)' x.
TEST(Lora, GradientsAreTheAnalyticOnes) {
  SmallModel model = small_model();
  add_lora(*model, config_for({"head"}));
  randomise(*model);
  const Tensor x = torch::randn({7, 6}), g = torch::randn({7, 3});
  (model->head(x) * g).sum().backward();
  const LowRankAdapter& adapter = *model->head->adapter();
  EXPECT_LT(difference(adapter.b.grad(), 3 * g.t().matmul(x.matmul(adapter.a.t()))), 1e-5);
  EXPECT_LT(difference(adapter.a.grad(), 3 * g.matmul(adapter.b).t().matmul(x)), 1e-5);
  EXPECT_FALSE(model->head->weight.grad().defined());

  // The same through the folded weight.
  const Tensor by_forward_a = adapter.a.grad().clone(), by_forward_b = adapter.b.grad().clone();
  adapter.a.mutable_grad() = adapter.b.mutable_grad() = Tensor();
  (x.matmul(model->head->full_weight().t()) * g).sum().backward();
  EXPECT_LT(difference(adapter.a.grad(), by_forward_a), 1e-5);
  EXPECT_LT(difference(adapter.b.grad(), by_forward_b), 1e-5);
}

TEST(Lora, SavedWeightsHoldTheAdapters) {
  const testing::TemporaryDirectory directory;
  SmallModel model = small_model();
  const Tensor x = torch::randn({40, 6}), before = model(x).detach();
  add_lora(*model, config_for({"*"}));
  randomise(*model);
  save_weights(directory / "merged.safetensors", *model);
  SmallModel merged = small_model();
  load_weights(*merged, read_safetensors(directory / "merged.safetensors"), {}, "merged");
  EXPECT_LT(difference(merged(x), model(x)), 1e-5);
  EXPECT_GT(difference(merged(x), before), 0.1);
  const torch::NoGradGuard no_grad;  // the fast paths
  EXPECT_LT(difference(merged(x), model(x)), 1e-5);
}

TEST(Lora, DropoutIsOfTheAdaptersInputInTraining) {
  torch::manual_seed(5);
  SmallModel model = small_model();
  LoraConfig config = config_for({"head"});
  config.dropout = 0.25;
  add_lora(*model, config);
  randomise(*model);
  const Tensor x = torch::ones({4000, 6});
  const Tensor kept = model->head(x).detach();
  EXPECT_LT(difference(kept, x.matmul(model->head->full_weight().t())), 1e-5);
  model->train();
  const Tensor dropped = model->head(x).detach();
  EXPECT_GT(difference(dropped, kept), 0.1);
  EXPECT_LT(difference(dropped.mean(0), kept.mean(0)), 0.05);  // scaled by 1 / 0.75
}

TEST(Lora, RankStabilisedScale) {
  EXPECT_DOUBLE_EQ((LoraConfig{.rank = 16, .alpha = 8}).scale(), 0.5);
  EXPECT_DOUBLE_EQ((LoraConfig{.rank = 16, .alpha = 8, .use_rslora = true}).scale(), 2);
}

TEST(Lora, WholePartsLearnBeside) {
  SmallModel model = small_model();
  LoraConfig config = config_for({"query"});
  config.modules_to_save = {"head", "layers.1.attn.out"};
  add_lora(*model, config);
  const auto names = learning(*model);
  EXPECT_TRUE(std::ranges::count(names, "head.weight") == 1 && std::ranges::count(names, "layers.1.attn.out.bias") == 1);
  EXPECT_EQ(names.size(), 7U);
  EXPECT_EQ(whole_modules(*model, {"layers", "query"}), std::vector<std::string>{"layers"});
}

TEST(Lora, ALayerOfTwoNamesHasOneAdapter) {
  torch::nn::Module root;
  const auto holder = root.register_module("all", std::make_shared<torch::nn::Module>());
  Linear shared(4, 4);
  holder->register_module("first", shared);
  holder->register_module("second", shared);
  EXPECT_EQ(add_lora(root, config_for({"*"})).size(), 2U);
  EXPECT_EQ(adapted_layers(root).size(), 2U);
  EXPECT_TRUE(adapted_layers(root)[0].a.is_same(adapted_layers(root)[1].a));
}

TEST(Lora, TiedWeightsAreRefused) {
  const auto root = std::make_shared<torch::nn::Module>();
  const auto out = root->register_module("out", Linear(torch::nn::LinearOptions(4, 5).bias(false)));
  root->register_module("words", std::make_shared<torch::nn::Module>())->register_parameter("weight", out->weight);
  EXPECT_EQ(testing::invalid_argument_of([&] { add_lora(*root, config_for({"out"})); }),
            "lora: \"out.weight\" is tied to \"words.weight\"");
}

std::string refusal(const LoraConfig& config) {
  SmallModel model = small_model();
  const std::string message = testing::invalid_argument_of([&] { add_lora(*model, config); });
  EXPECT_EQ(learning(*model).size(), model->parameters().size()) << "changed though refused";
  return message;
}

TEST(Lora, ConfigsOutOfRangeAreRefused) {
  LoraConfig config = config_for({"query"});
  config.rank = 0;
  EXPECT_EQ(refusal(config), "lora: rank: expected 1 or more, got 0");
  config.rank = -4;
  EXPECT_EQ(refusal(config), "lora: rank: expected 1 or more, got -4");
  config = config_for({"query"});
  config.dropout = 1;
  EXPECT_EQ(refusal(config), "lora: dropout: expected 0 or more and less than 1, got 1");
  config = config_for({"query"});
  config.alpha = 0;
  EXPECT_EQ(refusal(config), "lora: alpha: expected more than 0, got 0");
  EXPECT_EQ(refusal(config_for({})), "lora: targets: expected names of linear layers, got none");
  EXPECT_NE(
      testing::invalid_argument_of([] { read_config<LoraConfig>({{"rank", 0}, {"targets", {"query"}}}, "recipe"); }).find("rank"),
      std::string::npos);
}

TEST(Lora, WhatChoosesNothingIsRefusedWithWhatThereIs) {
  EXPECT_EQ(refusal(config_for({"query", "q_proj"})),
            "lora: targets: \"q_proj\" chooses nothing; there are: layers.*.attn.query, layers.*.attn.out, head");
  EXPECT_NE(refusal(config_for({"norm"})).find("\"norm\" chooses nothing"), std::string::npos);  // no linear layer
  LoraConfig config = config_for({"query"});
  config.modules_to_save = {"decoder"};
  EXPECT_NE(refusal(config).find("modules_to_save: \"decoder\" chooses nothing"), std::string::npos);
}

TEST(Lora, LayersThatCannotTakeItAreNamed) {
  LoraConfig config = config_for({"query", "head"});
  config.modules_to_save = {"head"};
  EXPECT_EQ(refusal(config), "lora: \"head\" is a target and in modules_to_save (\"head\")");
  SmallModel model = small_model();
  add_lora(*model, config_for({"head"}));
  EXPECT_EQ(testing::invalid_argument_of([&] { add_lora(*model, config_for({"*"})); }), "lora: \"head\" has an adapter");

  const auto root = std::make_shared<torch::nn::Module>();
  root->register_module("k_proj", folded_linear(4, 4));
  config = config_for({"k_proj"});
  config.dropout = 0.1;
  EXPECT_NE(testing::invalid_argument_of([&] { add_lora(*root, config); }).find("\"k_proj\": its weight is folded"),
            std::string::npos);
  config.dropout = 0;
  EXPECT_EQ(add_lora(*root, config).size(), 1U);

  const auto quantized = std::make_shared<torch::nn::Module>();
  quantized->register_module("lin1", QuantizableLinear(torch::nn::LinearOptions(4, 4), /*int8=*/true));
  EXPECT_EQ(testing::invalid_argument_of([&] { add_lora(*quantized, config_for({"lin1"})); }),
            "lora: \"lin1\" is of 8-bit numbers: adapt the model that it was made of");
}

}  // namespace
}  // namespace omma
