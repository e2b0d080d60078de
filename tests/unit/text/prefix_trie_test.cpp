#include "omma/text/prefix_trie.h"

#include <gtest/gtest.h>

#include <string>

namespace omma {
namespace {

PrefixTrie words() {
  PrefixTrie trie;
  std::uint32_t value = 0;
  for (const char* word : {"a", "ab", "abcd", "b", "\xC3\xA9", "\xC3", "ab", ""}) trie.add(word, value++);
  return trie;
}

// What a text begins with, as "value:size " each.
std::string matches(std::string_view text) {
  std::string found;
  words().for_each_match(
      text, [&](const PrefixTrie::Match& match) { found += std::to_string(match.value) + ":" + std::to_string(match.size) + " "; });
  return found;
}

TEST(PrefixTrie, FindsWhatATextBeginsWith) {
  EXPECT_EQ(matches("abcde"), "0:1 1:2 2:4 ");
  EXPECT_EQ(matches("abc"), "0:1 1:2 ");  // of equal strings the first counts
  EXPECT_EQ(matches("xab"), "");
  EXPECT_EQ(matches("\xC3\xA9"), "5:1 4:2 ");
  EXPECT_EQ(matches(""), "");
  EXPECT_EQ(matches(std::string_view("a\0b", 3)), "0:1 ");
}

TEST(PrefixTrie, LongestAndShortest) {
  const PrefixTrie trie = words();
  EXPECT_EQ(trie.longest("abcde")->size, 4U);
  EXPECT_EQ(trie.longest("abcde")->value, 2U);
  EXPECT_EQ(trie.shortest("abcde")->size, 1U);
  EXPECT_EQ(trie.shortest("abcde")->value, 0U);
  EXPECT_FALSE(trie.longest("x"));
  EXPECT_FALSE(trie.shortest(""));
  EXPECT_FALSE(trie.empty());
  EXPECT_TRUE(PrefixTrie().empty());
}

}  // namespace
}  // namespace omma
