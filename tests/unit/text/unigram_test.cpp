#include "omma/text/unigram.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

using Ids = std::vector<std::int32_t>;

using Pieces = std::vector<std::pair<std::string, double>>;

json model_of(const Pieces& pieces, const json& unk_id = 0, bool byte_fallback = false) {
  return {{"type", "Unigram"}, {"unk_id", unk_id}, {"byte_fallback", byte_fallback}, {"vocab", pieces}};
}

std::vector<WordToken> tokens_of(const json& model, std::string_view word) {
  std::vector<WordToken> tokens;
  Unigram(model, "test").tokenize(word, tokens);
  return tokens;
}

Ids ids_of(const json& model, std::string_view word) {
  Ids ids;
  for (const WordToken& token : tokens_of(model, word)) ids.push_back(token.id);
  return ids;
}

// The library's own example.
TEST(Unigram, TheLargestSumCounts) {
  const json model = model_of(
      {{"<unk>", 0.0}, {"a", 0.0}, {"b", 0.0}, {"c", 0.0}, {"d", 0.0}, {"cd", 1.0}, {"ab", 2.0}, {"abc", 5.0}, {"abcd", 10.0}});
  EXPECT_EQ(ids_of(model, "abcdacdxx"), (Ids{8, 1, 5, 0}));
  EXPECT_EQ(ids_of(model, ""), Ids{});
  const std::vector<WordToken> tokens = tokens_of(model, "abcxxab");
  ASSERT_EQ(tokens.size(), 3U);
  EXPECT_EQ(tokens[1].begin, 3U);
  EXPECT_EQ(tokens[1].end, 5U);
  EXPECT_EQ(tokens[2].end, 7U);
}

TEST(Unigram, OfEqualSumsThatOfTheLongerLastPieceCounts) {
  EXPECT_EQ(ids_of(model_of({{"<unk>", 0.0}, {"a", -1.0}, {"aa", -2.0}}), "aa"), (Ids{2}));
  EXPECT_EQ(ids_of(model_of({{"<unk>", 0.0}, {"a", -1.0}, {"aa", -1.5}}), "aaa"), (Ids{1, 2}));
}

TEST(Unigram, UnknownCharacters) {
  const Pieces pieces = {{"<unk>", -3.0}, {"a", -1.0}, {"é中", -99.0}, {"<0xC3>", -50.0}, {"<0xA9>", -50.0}};
  EXPECT_EQ(ids_of(model_of(pieces), "aééaé"), (Ids{1, 0, 1, 0}));
  EXPECT_EQ(ids_of(model_of(pieces), "<unk>é"), (Ids{0}));  // spelled out, it is unknown too
  EXPECT_EQ(ids_of(model_of(pieces, 0, true), "aééa"), (Ids{1, 3, 4, 3, 4, 1}));
  EXPECT_EQ(ids_of(model_of(pieces, 0, true), "é😀"), (Ids{0}));  // not all bytes have pieces
  const std::vector<WordToken> bytes = tokens_of(model_of(pieces, 0, true), "aéé");
  ASSERT_EQ(bytes.size(), 5U);
  EXPECT_EQ(bytes[4].begin, 1U);  // each byte stands for the run
  EXPECT_EQ(bytes[4].end, 5U);
}

// Ten below the lowest score.
TEST(Unigram, TheScoreOfUnknownCharacters) {
  EXPECT_EQ(ids_of(model_of({{"<unk>", 0.0}, {"a", 9.5}, {"ab", -3.0}}), "ab"), (Ids{2}));
  EXPECT_EQ(ids_of(model_of({{"<unk>", 0.0}, {"a", 10.5}, {"ab", -3.0}}), "ab"), (Ids{1, 0}));
}

// Unknown characters that score better than the piece they spell are that piece all the same.
TEST(Unigram, ARunMayBeAPiece) {
  const json model = model_of({{"<unk>", 150.0}, {"xy", 250.0}, {"a", 300.0}});
  EXPECT_EQ(ids_of(model, "xya"), (Ids{1, 2}));
  EXPECT_EQ(ids_of(model, "xyxya"), (Ids{0, 2}));
}

TEST(Unigram, WithoutAnUnknownPiece) {
  const json model = model_of({{"a", 0.0}, {"\u00e9", -1.0}}, nullptr);
  EXPECT_EQ(ids_of(model, "a\u00e9"), (Ids{0, 1}));
  EXPECT_NE(testing::invalid_argument_of([&] { ids_of(model, "ab"); }).find("unk_id: expected one"), std::string::npos);
}

// The last bits of the scores decide between sums that tie on paper: the library's ids of the model's file, and of the model.
TEST(Unigram, ScoresAreTheLibrarys) {
  json model = model_of({{"<unk>", 0.0}, {"-", -5.557066440582275}, {"--", -8.939188957214355}, {"---", -10.327366828918457}});
  EXPECT_EQ(ids_of(model, "--------"), (Ids{3, 3, 2}));
  model["exact_scores"] = true;
  EXPECT_EQ(ids_of(model, "--------"), (Ids{2, 3, 3}));
}

TEST(Unigram, LongRunsAreNotQuadratic) {
  Pieces pieces = {{"<unk>", 0.0}};
  for (int size = 1; size <= 16; ++size) pieces.push_back({std::string(static_cast<std::size_t>(size), 'a'), -1.0 - size});
  const std::clock_t begin = std::clock();
  EXPECT_EQ(ids_of(model_of(pieces), std::string(16 * 20'000, 'a')).size(), 20'000U);
  EXPECT_EQ(ids_of(model_of(pieces), std::string(1'000'000, 'b')).size(), 1U);
  EXPECT_LT(std::clock() - begin, 4 * CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace omma
