#include "omma/nn/layers.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "omma/nn/attention.h"
#include "omma/nn/kernels/isa.h"
#include "omma/nn/position.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

TEST(RegisterAt, NamesAreDottedKeys) {
  torch::nn::Module module;
  register_at(module, "attention.self.query", Linear(2, 3));
  register_at(module, "attention.self.key", Linear(2, 3));
  register_parameter_at(module, "attention.bias_table", torch::zeros({4}));
  std::vector<std::string> names;
  for (const auto& parameter : module.named_parameters()) names.push_back(parameter.key());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"attention.bias_table", "attention.self.key.bias", "attention.self.key.weight",
                                             "attention.self.query.bias", "attention.self.query.weight"}));
}

TEST(Activations, ByTheNameOfTheConfig) {
  const Tensor x = torch::linspace(-3, 3, 13);
  EXPECT_TRUE(torch::equal(activation_by_name("relu")(x), x.clamp_min(0)));
  EXPECT_TRUE(torch::allclose(activation_by_name("quick_gelu")(x), x * (1.702 * x).sigmoid()));
  EXPECT_FALSE(is_activation("tanhshrink"));
  EXPECT_NE(testing::invalid_argument_of([] { activation_by_name("tanhshrink"); }).find("got \"tanhshrink\""), std::string::npos);
}

// oneDNN's path against the composition that gradients take: every activation, types, a last dimension of a view, few rows and
// many.
TEST(Linear, FastPathEqualsThePlainOne) {
  torch::manual_seed(0);
  for (const torch::Dtype dtype : {torch::kFloat, torch::kBFloat16, torch::kDouble}) {
    for (const bool bias : {true, false}) {
      Linear layer(torch::nn::LinearOptions(24, 17).bias(bias));
      layer->to(dtype);
      for (const Tensor& x : {torch::randn({2, 5, 24}), torch::randn({3, 40, 24}), torch::randn({24, 90}).t()}) {
        const Tensor input = x.to(dtype);
        const auto expect_equal = [&](const Tensor& fast, const Tensor& plain, std::string_view name) {
          EXPECT_EQ(fast.sizes(), plain.sizes());
          EXPECT_EQ(fast.scalar_type(), dtype);
          const double tolerance = dtype == torch::kBFloat16 ? 2e-2 : 2e-6;
          EXPECT_LT((fast - plain).abs().max().item<double>(), tolerance) << name << " " << shape(input);
        };
        const Tensor plain = torch::linear(input, layer->weight, layer->bias).detach();
        torch::NoGradGuard no_grad;
        expect_equal(layer->forward(input), plain, "none");
        for (const char* name : {"relu", "gelu", "gelu_new", "gelu_pytorch_tanh", "quick_gelu", "silu"}) {
          const Activation activation = activation_by_name(name);
          expect_equal(layer->forward_with(input, activation), activation(plain), name);
        }
      }
    }
  }
}

// Sums are fp32, whatever computes them: one rounding from the products of the same numbers in fp32. Sizes are no multiples of a
// kernel's tile; rows of a view lie apart.
TEST(Linear, Bf16RoundsOnce) {
  torch::manual_seed(0);
  const torch::NoGradGuard no_grad;
  for (const int64_t rows : {9, 48, 131}) {
    for (const int64_t inputs : {2, 25, 70, 256}) {
      for (const int64_t outputs : {1, 17, 64, 130}) {
        const Tensor weight = torch::randn({outputs, inputs}).to(torch::kBFloat16),
                     bias = torch::randn({outputs}).to(torch::kBFloat16);
        const Tensor wide = torch::randn({rows, 2 * inputs}).to(torch::kBFloat16);
        for (const Tensor& x : {wide.narrow(1, inputs, inputs), wide.view({2, rows, inputs}), wide.t().narrow(0, 0, inputs).t()}) {
          for (const Tensor& shift : {bias, Tensor()}) {
            const Tensor result = linear(x, weight, shift);
            const Tensor exact =
                torch::linear(x.to(torch::kFloat), weight.to(torch::kFloat), shift.defined() ? shift.to(torch::kFloat) : shift);
            EXPECT_EQ(result.scalar_type(), torch::kBFloat16);
            EXPECT_EQ(result.sizes(), exact.sizes());
            EXPECT_TRUE(torch::allclose(result.to(torch::kFloat), exact, 1. / 256, 1e-4))
                << rows << " " << inputs << " " << outputs;
          }
        }
      }
    }
  }
}

// Against attention of the same numbers in fp32. Queries, keys and channels are no multiples of a kernel's tile; heads lie as in a
// projection.
TEST(Attention, ManyQueriesInBf16AreFp32sButForRounding) {
  torch::manual_seed(0);
  const torch::NoGradGuard no_grad;
  const auto heads = [](int64_t tokens, int64_t channels) {
    return split_heads(torch::randn({2, tokens, 3 * channels}).to(torch::kBFloat16), 3);
  };
  for (const int64_t queries : {9, 48, 101}) {
    for (const int64_t keys : {1, 2, 64, 131}) {
      for (const int64_t channels : {2, 7, 20, 64, 80}) {
        const Tensor q = heads(queries, channels), k = heads(keys, channels), v = heads(keys, channels);
        for (const std::optional<double> scale : {std::optional<double>(), std::optional<double>(0.7)}) {
          const Tensor result = attention(q, k, v, {}, 0, scale);
          const Tensor exact = attention(q.to(torch::kFloat), k.to(torch::kFloat), v.to(torch::kFloat), {}, 0, scale);
          EXPECT_EQ(result.scalar_type(), torch::kBFloat16);
          EXPECT_EQ(result.sizes(), exact.sizes());
          EXPECT_TRUE(torch::allclose(result.to(torch::kFloat), exact, 1e-2, 1e-2)) << queries << " " << keys << " " << channels;
        }
      }
    }
  }
}

// Scores far apart, and infinite ones: no overflow, and what is not a number stays that.
TEST(Attention, Bf16ScoresOfAnySize) {
  const torch::NoGradGuard no_grad;
  const Tensor q = torch::full({1, 1, 12, 2}, 100.).to(torch::kBFloat16);
  const Tensor k = torch::tensor({{1., 1.}, {-300., -300.}, {300., 300.}}).view({1, 1, 3, 2}).to(torch::kBFloat16);
  const Tensor v = torch::tensor({{1., 2.}, {3., 4.}, {5., 6.}}).view({1, 1, 3, 2}).to(torch::kBFloat16);
  EXPECT_TRUE(torch::equal(attention(q, k, v), v.narrow(2, 2, 1).expand({1, 1, 12, 2})));
  if (!has_avx512_bf16()) GTEST_SKIP() << "without the own kernel LibTorch's takes what is no number for nothing";
  Tensor broken = q.clone();
  broken[0][0][7][0] = std::numeric_limits<float>::quiet_NaN();
  const Tensor result = attention(broken, k, v).isnan().squeeze();  // [12, 2]
  EXPECT_TRUE(result[7].all().item<bool>());
  EXPECT_EQ(result.sum().item<int64_t>(), 2);
}

TEST(Attention, ScaleIsThatOfItsArgument) {
  torch::manual_seed(0);
  const torch::NoGradGuard no_grad;
  for (const int64_t queries : {1, 30}) {
    const Tensor q = torch::randn({2, 3, queries, 16}), k = torch::randn({2, 3, 20, 16}), v = torch::randn({2, 3, 20, 16});
    EXPECT_TRUE(torch::allclose(attention(q, k, v, {}, 0, 0.25), attention(q, k, v), 1e-5, 1e-6));
    const Tensor mask = torch::rand({1, 1, queries, 20});
    for (const Tensor& added : {Tensor(), mask}) {
      const Tensor scores = q.matmul(k.transpose(2, 3)) * 0.7 + (added.defined() ? added : torch::zeros({1}));
      EXPECT_TRUE(torch::allclose(attention(q, k, v, added, 0, 0.7), scores.softmax(-1).matmul(v), 1e-5, 1e-5));
    }
  }
}

// The kernel of few queries against the path that gradients take: heads as they lie in a projection, as a cache keeps them, one row
// for all keys, a strided channel (which the kernel refuses).
TEST(Attention, FewQueriesEqualThePlainPath) {
  torch::manual_seed(0);
  for (const torch::Dtype dtype : {torch::kFloat, torch::kBFloat16, torch::kDouble}) {
    for (const int64_t queries : {1, 3, 8, 9}) {
      const Tensor q = torch::randn({2, 3, queries, 20}).to(dtype);
      const Tensor projected = split_heads(torch::randn({2, 37, 3 * 20}), 3).to(dtype);
      const Tensor cached = torch::randn({2, 3, 50, 20}).to(dtype).narrow(2, 0, 37);
      const Tensor strided = torch::randn({2, 3, 20, 37}).to(dtype).transpose(2, 3);
      const Tensor same = torch::randn({2, 3, 1, 20}).to(dtype).expand({-1, -1, 37, -1});
      for (const Tensor& k : {projected, cached, strided, same}) {
        for (const Tensor& v : {projected, cached, strided, same}) {
          const Tensor plain = at::scaled_dot_product_attention(q, k, v);
          const torch::NoGradGuard no_grad;
          const Tensor fast = attention(q, k, v);
          EXPECT_EQ(fast.sizes(), plain.sizes());
          EXPECT_LT((fast - plain).abs().max().item<double>(), dtype == torch::kBFloat16 ? 2e-2 : 2e-6);
          EXPECT_TRUE(torch::allclose(merge_heads(fast), merge_heads(plain), 1e-2, dtype == torch::kBFloat16 ? 2e-2 : 2e-6));
        }
      }
    }
  }
}

TEST(Linear, LearnsThroughThePlainPath) {
  Linear layer(24, 17);
  layer->forward_with(torch::randn({64, 24}), activation_by_name("gelu")).sum().backward();
  ASSERT_TRUE(layer->weight.grad().defined());
  EXPECT_GT(layer->weight.grad().abs().sum().item<double>(), 0);
}

// Without gradients the rows pass in blocks: the same numbers as in one piece.
TEST(FeedForward, BlocksEqualTheWhole) {
  torch::manual_seed(0);
  const Linear fc1(8, 32), fc2(32, 5);
  const Tensor x = torch::randn({2, 1500, 8});
  const Tensor whole = feed_forward(x, fc1, fc2, activation_by_name("gelu"));
  EXPECT_TRUE(whole.requires_grad());
  torch::NoGradGuard no_grad;
  const Tensor blocks = feed_forward(x, fc1, fc2, activation_by_name("gelu"));
  EXPECT_EQ(shape(blocks), "[2, 1500, 5]");
  EXPECT_TRUE(torch::allclose(blocks, whole, 1e-5, 1e-6));
}

TEST(DropPath, DropsWholeSamplesInTrainingOnly) {
  torch::manual_seed(0);
  const Tensor x = torch::ones({1000, 3});
  EXPECT_TRUE(torch::equal(drop_path(x, 0.25, false), x));
  const Tensor dropped = drop_path(x, 0.25, true);
  EXPECT_TRUE(torch::equal(dropped.amax(1), dropped.amin(1)));
  EXPECT_NEAR(dropped.mean().item<double>(), 1, 0.1);
  EXPECT_NEAR((dropped == 0).to(torch::kFloat32).mean().item<double>(), 0.25, 0.05);
}

TEST(Attention, MaskedKeysHaveNoPart) {
  torch::manual_seed(0);
  const Tensor q = split_heads(torch::randn({2, 4, 6}), 3), k = split_heads(torch::randn({2, 5, 6}), 3);
  const Tensor mask = torch::tensor({true, true, true, false, false}).view({1, 1, 1, 5});
  const Tensor masked = attention(q, k, k, mask), shorter = attention(q, k.narrow(2, 0, 3), k.narrow(2, 0, 3));
  EXPECT_TRUE(torch::allclose(masked, shorter, 1e-5, 1e-6));
  EXPECT_EQ(shape(merge_heads(masked)), "[2, 4, 6]");
}

TEST(SineEmbedding, FirstTwoCoordinatesChangePlaces) {
  const Tensor one = sine_embedding(torch::tensor({{0.25F}}), 4), two = sine_embedding(torch::tensor({{0.25F, 0.75F}}), 4);
  EXPECT_TRUE(torch::allclose(one.narrow(1, 0, 2), torch::tensor({{1.F, 0.F}}), 1e-5, 1e-6));  // sin and cos of a quarter turn
  EXPECT_TRUE(torch::equal(two.narrow(1, 4, 4), one));
}

TEST(SineEmbedding, PaddingDoesNotCount) {
  Tensor mask = torch::ones({1, 4, 6}, torch::kBool);
  const Tensor alone = sine_embedding_of_grid(mask.narrow(2, 0, 3), 8, 20).view({1, 4, 3, 16});
  mask.narrow(2, 3, 3).fill_(false);
  const Tensor padded = sine_embedding_of_grid(mask, 8, 20).view({1, 4, 6, 16});
  EXPECT_TRUE(torch::equal(padded.narrow(2, 0, 3), alone));
}

}  // namespace
}  // namespace omma
