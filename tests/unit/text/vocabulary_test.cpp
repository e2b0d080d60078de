#include "omma/text/vocabulary.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "omma/base/error.h"
#include "omma/text/tokenizer.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using Ids = std::vector<std::int32_t>;

TEST(Vocabulary, KeepsBertsIds) {
  const json file = make_bert_tokenizer({"red", "ball"});
  const Tokenizer tokenizer = Tokenizer::from_json(file, "vocabulary");
  const std::vector<std::pair<std::int32_t, std::string>> fixed = {{0, "[PAD]"},    {100, "[UNK]"}, {101, "[CLS]"}, {102, "[SEP]"},
                                                                   {103, "[MASK]"}, {1012, "."},    {1029, "?"}};
  for (const auto& [id, token] : fixed) EXPECT_EQ(tokenizer.id_to_token(id), token);
  EXPECT_EQ(tokenizer.vocab_size(), 1030U);
  EXPECT_EQ(tokenizer.largest_id(), 1029);
  for (std::int32_t id = 0; id < 1030; ++id) EXPECT_NE(tokenizer.id_to_token(id), "");
}

TEST(Vocabulary, SpellsEveryAsciiWord) {
  const Tokenizer tokenizer = Tokenizer::from_json(make_bert_tokenizer({"red", "ball", "red"}), "vocabulary");
  const Ids ids = tokenizer.encode("A Red ball. Zyx42, (what)?").ids;
  EXPECT_EQ(ids.front(), 101);
  EXPECT_EQ(ids.back(), 102);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 100), 0);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 1012), 1);
  EXPECT_EQ(tokenizer.encode("red ball", {.add_special_tokens = false}).ids,
            (Ids{*tokenizer.token_to_id("red"), *tokenizer.token_to_id("ball")}));
  EXPECT_EQ(tokenizer.encode("snowman ☃").ids[8], 100);
}

TEST(Vocabulary, ManyWordsGoOnAfterTheFixedIds) {
  std::vector<std::string> words;
  for (int i = 0; i < 2000; ++i) words.push_back(fmt::format("w{}", i));
  const Tokenizer tokenizer = Tokenizer::from_json(make_bert_tokenizer(words), "vocabulary");
  EXPECT_EQ(tokenizer.id_to_token(1012), ".");
  EXPECT_EQ(tokenizer.id_to_token(1029), "?");
  EXPECT_GT(*tokenizer.token_to_id("w1999"), 2000);
}

TEST(Vocabulary, RefusesWordsThatNeverComeUp) {
  for (const char* word : {"", "Red", "two words", "\xff", "tab\t"})
    EXPECT_NE(testing::invalid_argument_of([&] { make_bert_tokenizer({word}); }), "") << word;
}

}  // namespace
}  // namespace omma
