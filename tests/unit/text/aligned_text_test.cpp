#include "omma/text/aligned_text.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

std::pair<std::uint32_t, std::uint32_t> source(const AlignedText& text, std::size_t begin, std::size_t end) {
  const SourceSpan span = text.source(begin, end);
  return {span.begin, span.end};
}

using Span = std::pair<std::uint32_t, std::uint32_t>;

TEST(AlignedText, MalformedBytesKeepTheirPlace) {
  const AlignedText text(
      "a\xe4\xb8"
      "b");  // 4 bytes in, 5 out
  EXPECT_EQ(text.str(), "a\uFFFDb");
  EXPECT_EQ(source(text, 1, 4), Span(1, 3));
  EXPECT_EQ(source(text, 4, 5), Span(3, 4));
}

TEST(AlignedText, RemovedCharactersBelongToNobody) {
  AlignedText text("xxaxb");
  text.filter([](char32_t code) { return code != 'x'; });
  EXPECT_EQ(text.str(), "ab");
  EXPECT_EQ(source(text, 0, 1), Span(2, 3));
  EXPECT_EQ(source(text, 1, 2), Span(4, 5));
}

TEST(AlignedText, DecomposedAndComposedCharacters) {
  AlignedText text("\u00e9x");
  text.to_normal_form(NormalForm::nfd);
  EXPECT_EQ(text.str(), "e\u0301x");
  EXPECT_EQ(source(text, 0, 1), Span(0, 2));
  EXPECT_EQ(source(text, 1, 3), Span(0, 2));
  EXPECT_EQ(source(text, 3, 4), Span(2, 3));
  AlignedText composed("e\u0301x");
  composed.to_normal_form(NormalForm::nfc);
  EXPECT_EQ(composed.str(), "\u00e9x");
  EXPECT_EQ(source(composed, 2, 3), Span(3, 4));
}

TEST(AlignedText, PrefixBelongsToTheFirstCharacter) {
  AlignedText text("ab");
  text.prepend("\u2581");
  EXPECT_EQ(text.str(), "\u2581ab");
  EXPECT_EQ(source(text, 0, 3), Span(0, 1));
  AlignedText empty("");
  empty.prepend("\u2581");
  EXPECT_TRUE(empty.empty());
}

TEST(AlignedText, StripAndSlice) {
  AlignedText text("\u3000 a b ");
  text.strip(true, true);
  EXPECT_EQ(text.str(), "a b");
  const AlignedText piece = text.slice(2, 3);
  EXPECT_EQ(piece.source_begin(), 6U);
  EXPECT_EQ(source(piece, 0, 1), Span(6, 7));
}

std::vector<std::string> split(SplitBehavior behavior) {
  const AlignedText text("-the-final--countdown");
  std::vector<std::string> words;
  for (const AlignedText& piece : text.split(Pattern::literal("-").split(text.str()), behavior)) words.push_back(piece.str());
  return words;
}

TEST(AlignedText, SplitBehaviors) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(split(SplitBehavior::removed), (Words{"the", "final", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::isolated), (Words{"-", "the", "-", "final", "-", "-", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::merged_with_previous), (Words{"-", "the-", "final-", "-", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::merged_with_next), (Words{"-the", "-final", "-", "-countdown"}));
  EXPECT_EQ(split(SplitBehavior::contiguous), (Words{"-", "the", "-", "final", "--", "countdown"}));
}

}  // namespace
}  // namespace omma
