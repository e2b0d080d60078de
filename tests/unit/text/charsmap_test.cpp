#include "omma/text/charsmap.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/sentencepiece_bytes.h"

namespace omma {
namespace {

using testing::CharsmapBytes;

struct Rewritten {
  std::string text;
  std::vector<std::uint32_t> begins;  // of the source of each byte
};

Rewritten rewrite(const CharsmapBytes& rules, const std::string& text) {
  AlignedText aligned(text);
  Charsmap(rules.bytes(), "test").apply(aligned);
  Rewritten rewritten{aligned.str(), {}};
  for (std::size_t i = 0; i < aligned.str().size(); ++i) rewritten.begins.push_back(aligned.source(i, i + 1).begin);
  return rewritten;
}

std::string text_of(const CharsmapBytes& rules, const std::string& text) { return rewrite(rules, text).text; }

TEST(Charsmap, RewritesCharacters) {
  const CharsmapBytes rules = CharsmapBytes().add("½", "1/2").add("\t", " ").add("😀", ":)").add("Ａ", "A");
  EXPECT_EQ(text_of(rules, "a½\tＡ b😀"), "a1/2 A b:)");
  EXPECT_EQ(text_of(rules, "nothing to do é"), "nothing to do é");
  EXPECT_EQ(text_of(rules, ""), "");
}

// A rule that fits the beginning of a short cluster takes all of it; of a long one, character by character.
TEST(Charsmap, RewritesClusters) {
  const CharsmapBytes rules = CharsmapBytes().add("e\u0301", "é").add("a", "A").add("\r", " ");
  EXPECT_EQ(text_of(rules, "xe\u0301x"), "xéx");
  EXPECT_EQ(text_of(rules, "e\u0301\u0301"), "é");                          // five bytes
  EXPECT_EQ(text_of(rules, "e\u0301\u0301\u0301"), "e\u0301\u0301\u0301");  // seven: no rule for "e" alone
  EXPECT_EQ(text_of(rules, "a\u0301b"), "Ab");
  EXPECT_EQ(text_of(rules, "a\u0301\u0301\u0301b"), "A\u0301\u0301\u0301b");
  EXPECT_EQ(text_of(rules, "x\r\ny\rz\n"), "x y z\n");
  EXPECT_EQ(text_of(rules, "aaa"), "AAA");
}

TEST(Charsmap, TheShortestRuleCounts) {
  const CharsmapBytes rules = CharsmapBytes().add("é", "e").add("é\u0301", "E");
  EXPECT_EQ(text_of(rules, "é\u0301 é"), "e e");
}

// The library's alignment, to the byte: what is lost is the end of the character before, and before the first of none at all.
TEST(Charsmap, KnowsWhereCharactersCameFrom) {
  const CharsmapBytes rules = CharsmapBytes().add("½", "1/2").add("中", "").add("e\u0301", "é");
  EXPECT_EQ(rewrite(rules, "a½b").begins, (std::vector<std::uint32_t>{0, 1, 1, 1, 3}));
  EXPECT_EQ(rewrite(rules, "a中b").begins, (std::vector<std::uint32_t>{0, 4}));
  EXPECT_EQ(rewrite(rules, "中ab").begins, (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(rewrite(rules, "½中b").begins, (std::vector<std::uint32_t>{0, 0, 2, 5}));
  EXPECT_EQ(rewrite(rules, "xe\u0301y").begins, (std::vector<std::uint32_t>{0, 1, 1, 4}));
}

}  // namespace
}  // namespace omma
