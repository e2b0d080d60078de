#include "omma/nn/prompt_memory.h"

#include <gtest/gtest.h>

#include <chrono>

#include "omma/nn/language_network.h"
#include "tests/unit/llama/tiny_llama.h"

namespace omma {
namespace {

using torch::Tensor;

class PromptMemoryTest : public ::testing::Test {
 protected:
  RememberedPrompt prompt_of(const std::vector<int64_t>& ids) {
    return {.keys = ids, .embeddings = [this, ids](int64_t first) {
              embedded_ = std::ssize(ids) - first;
              return model_->embed({ids.begin() + first, ids.end()});
            }};
  }

  // What a decoder without a memory gives: the logits behind the prompt and behind one more token.
  std::pair<Tensor, Tensor> anew(const std::vector<int64_t>& ids, int64_t token) {
    CausalDecoder decoder(*model_, {model_->embed(ids)}, 8);
    const Tensor first = decoder.start();
    return {first, decoder.step(torch::tensor({token}, torch::kLong))};
  }

  void expect_same(const std::vector<int64_t>& ids, int64_t token) {
    const auto [first, second] = anew(ids, token);
    PromptMemory::Decoder decoder = memory_.read(prompt_of(ids), 8, {});
    EXPECT_TRUE(torch::allclose(decoder.start(), first, 1e-5, 1e-5));
    EXPECT_TRUE(torch::allclose(decoder.step(torch::tensor({token}, torch::kLong)), second, 1e-5, 1e-5));
  }

  c10::InferenceMode inference_;
  LlamaForCausalLM model_ = testing::tiny_llama([] {
    LlamaConfig config = testing::tiny_llama_config(50);
    config.max_position_embeddings = 2048;
    return config;
  }());
  PromptMemory memory_{model_};
  int64_t embedded_ = 0;  // places of the last prompt that were not in memory
};

TEST_F(PromptMemoryTest, APromptThatBeginsAlikeGoesOnFromThere) {
  expect_same({1, 2, 3, 4}, 5);
  EXPECT_EQ(embedded_, 4);
  expect_same({1, 2, 3, 4, 5, 6, 7}, 8);  // the token that was written is part of it
  EXPECT_EQ(embedded_, 2);
  expect_same({1, 2, 9, 4, 5}, 3);  // another from the third place on
  EXPECT_EQ(embedded_, 3);
  expect_same({1, 2, 9, 4, 5}, 3);  // the same again: its last place gives the logits
  EXPECT_EQ(embedded_, 1);
  expect_same({1, 2}, 3);
  EXPECT_EQ(embedded_, 1);
  memory_.clear();
  expect_same({1, 2, 3}, 4);
  EXPECT_EQ(embedded_, 3);
}

TEST_F(PromptMemoryTest, GrowsWithTheConversation) {
  std::vector<int64_t> ids = {1};
  for (int64_t turn = 0; turn < 4; ++turn) {
    for (int64_t i = 0; i < 400; ++i) ids.push_back((7 * i + turn) % 50);
    expect_same(ids, 5);
    EXPECT_EQ(embedded_, turn == 0 ? 401 : 400);
  }
}

TEST_F(PromptMemoryTest, APassThatADeadlineCutsLeavesWhatWasRead) {
  const std::vector<int64_t> ids(600, 3);
  PromptMemory::Decoder decoder = memory_.read(prompt_of(ids), 8, std::chrono::steady_clock::now() - std::chrono::seconds(1));
  EXPECT_THROW(decoder.start(), DeadlinePassed);
  EXPECT_EQ(memory_.known(ids), 0);
  expect_same(ids, 5);
}

TEST_F(PromptMemoryTest, AnEmptyPromptIsRefused) { EXPECT_THROW(memory_.read(prompt_of({}), 8, {}), std::invalid_argument); }

}  // namespace
}  // namespace omma
