#include "omma/models/grounding_dino/text.h"

#include <gtest/gtest.h>

namespace omma::grounding_dino {
namespace {

// [CLS] a b . c ? [SEP] and padding.
const std::vector<int64_t> prompt = {101, 7, 8, 1012, 9, 1029, 102, 0};

TEST(SubSentenceMasks, BlocksSeeThemselves) {
  const TextMasks masks = sub_sentence_masks(torch::tensor(prompt).unsqueeze(0));
  const int block[] = {0, 1, 1, 1, 2, 2, 3, 4};
  for (int64_t i = 0; i < 8; ++i)
    for (int64_t j = 0; j < 8; ++j) EXPECT_EQ((masks.attention_mask[0][i][j].item<bool>()), block[i] == block[j]) << i << ", " << j;
  EXPECT_TRUE(torch::equal(masks.position_ids[0], torch::tensor({0, 0, 1, 2, 0, 1, 0, 0}, torch::kInt64))) << masks.position_ids;
}

TEST(SubSentenceMasks, WithoutSeparatorsEachTokenSeesItself) {
  const TextMasks masks = sub_sentence_masks(torch::tensor({{5, 6, 7}}));
  EXPECT_TRUE(torch::equal(masks.attention_mask[0], torch::eye(3, torch::kBool)));
  EXPECT_TRUE(torch::equal(masks.position_ids, torch::zeros({1, 3}, torch::kInt64)));
}

TEST(SubSentenceMasks, OneToken) { EXPECT_EQ(shape(sub_sentence_masks(torch::tensor({{101}})).attention_mask), "[1, 1, 1]"); }

}  // namespace
}  // namespace omma::grounding_dino
