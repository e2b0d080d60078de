#include "omma/nn/block_weight.h"

#include <gtest/gtest.h>

#include "omma/nn/linear.h"
#include "omma/nn/word_embedding.h"

namespace omma {
namespace {

// Q8_0 of whole numbers with the scale 1/16, so that numbers of any type are exact.
BlockWeight exact_weight(int64_t out, int64_t in) {
  torch::manual_seed(8);
  Tensor blocks = torch::randint(0, 256, {out, in / 32, 34}, torch::kUInt8);
  blocks.select(2, 0).fill_(0);
  blocks.select(2, 1).fill_(0x2C);  // 2^-4 as a half
  return {.type = GgufType::q8_0, .in = in, .blocks = blocks.flatten(1).contiguous()};
}

TEST(BlockWeight, FewAndManyRowsAreTheProduct) {
  const c10::InferenceMode inference;
  const BlockWeight weight = exact_weight(70, 96);
  const Tensor dense = to_dense(weight, torch::kFloat32), bias = torch::randn({70});
  for (const int64_t rows : {1, 3, 16, 17, 100}) {
    const Tensor x = torch::randn({2, rows, 96});
    const Tensor expected = torch::linear(x, dense, bias);
    EXPECT_TRUE(torch::allclose(linear(x, weight, bias), expected, 1e-4, 1e-3)) << rows;
    const Tensor half = linear(x.to(torch::kBFloat16), weight, bias.to(torch::kBFloat16));
    EXPECT_EQ(half.scalar_type(), torch::kBFloat16);
    EXPECT_LT((half.to(torch::kFloat32) - expected).abs().mean().item<double>(), 0.02 * expected.abs().mean().item<double>())
        << rows;
  }
}

TEST(BlockWeight, RowsOfATable) {
  const BlockWeight table = exact_weight(9, 64);
  const Tensor ids = torch::tensor({3, 0, 8, 3}, torch::kLong).view({2, 2});
  const Tensor expected = to_dense(table, torch::kFloat32).index_select(0, ids.flatten()).view({2, 2, 64});
  EXPECT_TRUE(embed(ids, table, torch::kFloat32).equal(expected));
  for (const int64_t wrong : {-1, 9})
    EXPECT_THROW(embed(torch::tensor({wrong}, torch::kLong), table, torch::kFloat32), std::invalid_argument);
}

TEST(BlockWeight, LayersTakeTheirOwnSizeAlone) {
  const c10::InferenceMode inference;
  Linear layer(96, 70);
  EXPECT_THROW(layer->set_blocks(exact_weight(70, 64)), std::invalid_argument);
  layer->set_blocks(exact_weight(70, 96));
  EXPECT_EQ(layer->parameters().size(), 1U);  // the bias
  const Tensor x = torch::randn({5, 96});
  EXPECT_TRUE(torch::allclose(layer(x), torch::linear(x, layer->full_weight(), layer->bias), 1e-4, 1e-3));

  WordEmbedding words(9, 64);
  EXPECT_THROW(words->set_blocks(exact_weight(8, 64), torch::kFloat32), std::invalid_argument);
  words->set_blocks(exact_weight(9, 64), torch::kBFloat16);
  EXPECT_EQ(words(torch::tensor({2}, torch::kLong)).scalar_type(), torch::kBFloat16);
  EXPECT_EQ(words->logits(torch::randn({1, 64})).size(1), 9);
}

}  // namespace
}  // namespace omma
