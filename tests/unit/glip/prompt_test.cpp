// Prompts of detectors by language: GLIP's end without a full stop, Grounding DINO's with one.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/models/phrase_prompt.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class PhrasePrompts : public ::testing::Test {
 protected:
  PhrasePrompts() {
    std::string vocabulary;
    for (int id = 0; id < 1100; ++id) {
      const std::map<int, std::string> words = {{0, "[PAD]"},    {100, "[UNK]"}, {101, "[CLS]"}, {102, "[SEP]"},
                                                {103, "[MASK]"}, {200, "a"},     {201, "cat"},   {202, "pot"},
                                                {203, "##ted"},  {1012, "."},    {1029, "?"}};
      const auto word = words.find(id);
      vocabulary += (word == words.end() ? "[unused" + std::to_string(id) + "]" : word->second) + "\n";
    }
    write_file(directory_ / "vocab.txt", vocabulary);
    tokenizer_ = Tokenizer::from_directory(directory_.path());
  }

  testing::TemporaryDirectory directory_;
  std::optional<Tokenizer> tokenizer_;
};

TEST_F(PhrasePrompts, EndWithAStopOrWithout) {
  const std::vector<std::string> phrases = {"A Cat", "potted."};
  const auto with = phrase_prompts(*tokenizer_, phrases, {}),
             without = phrase_prompts(*tokenizer_, phrases, {.ends_with_stop = false});
  EXPECT_EQ(with.at(0).tokens.ids, (std::vector<int64_t>{101, 200, 201, 1012, 202, 203, 1012, 102}));
  EXPECT_EQ(without.at(0).tokens.ids, (std::vector<int64_t>{101, 200, 201, 1012, 202, 203, 102}));
  EXPECT_EQ(with[0].tokens.phrases, without[0].tokens.phrases);
  EXPECT_EQ(without[0].tokens.phrases, (std::vector<std::pair<int64_t, int64_t>>{{1, 3}, {4, 6}}));
}

TEST_F(PhrasePrompts, LongListsFillSeveral) {
  const std::vector<std::string> phrases(7, "a cat");
  const auto prompts = phrase_prompts(*tokenizer_, phrases, {.tokens = 9, .ends_with_stop = false});
  ASSERT_EQ(prompts.size(), 4U);
  EXPECT_EQ(prompts[3].first_phrase, 6);
  EXPECT_EQ(prompts[0].tokens.ids.size(), 7U);
  EXPECT_THROW(phrase_prompts(*tokenizer_, phrases, {.tokens = 4}), std::invalid_argument);
}

TEST_F(PhrasePrompts, CaptionsHaveSentencesAndTheirWordsAreLabels) {
  const auto prompt = caption_prompt(*tokenizer_, "A cat. potted cat", {.ends_with_stop = false});
  EXPECT_EQ(prompt.ids, (std::vector<int64_t>{101, 200, 201, 1012, 202, 203, 201, 102}));
  EXPECT_EQ(prompt.sentences, (std::vector<std::pair<int64_t, int64_t>>{{1, 3}, {4, 7}}));
  const std::vector<float> scores = {.9F, .1F, .6F, .9F, .1F, .5F, .2F, .9F};
  EXPECT_EQ(caption_label(prompt, scores, .25F), "cat");
  EXPECT_EQ(sentence_label(prompt, prompt.sentences[1], scores, .25F), "potted");
  EXPECT_EQ(sentence_label(prompt, prompt.sentences[1], scores, .15F), "potted cat");
  EXPECT_EQ(caption_prompt(*tokenizer_, "a cat", {}).ids.size(), 5U);  // with a stop
  EXPECT_EQ(caption_label(caption_prompt(*tokenizer_, "?", {}), std::vector<float>(4, .5F), 0), "");
}

}  // namespace
}  // namespace omma
