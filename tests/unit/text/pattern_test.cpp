#include "omma/text/pattern.h"

#include <gtest/gtest.h>

#include "omma/text/regex_syntax.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

// The text with its matches in brackets.
std::string marked(const Pattern& pattern, const std::string& text) {
  std::string result;
  for (const TextPart& part : pattern.split(text)) {
    const std::string piece = text.substr(part.begin, part.end - part.begin);
    result += part.matches ? "[" + piece + "]" : piece;
  }
  return result;
}

TEST(Pattern, Literal) {
  EXPECT_EQ(marked(Pattern::literal("aa"), "aaab aa"), "[aa]ab [aa]");
  EXPECT_EQ(marked(Pattern::literal("a"), ""), "");
}

TEST(Pattern, EmptyMatchesStandBetweenCharacters) { EXPECT_EQ(marked(Pattern::regex("x*", "test"), "axxé"), "[]a[xx]é[]"); }

TEST(Pattern, OnigurumaReadsLinesAndClasses) {
  EXPECT_EQ(marked(Pattern::regex("^a$", "test"), "a\na b\na"), "[a]\na b\n[a]");
  EXPECT_EQ(marked(Pattern::regex(R"(\s)", "test"), "a\u180eb\u0085c"), "a\u180eb[\u0085]c");  // U+180E is no white space
  EXPECT_EQ(marked(Pattern::regex(R"([\w]+)", "test"), "e\u0301\u203fa-b"), "[e\u0301\u203fa]-[b]");
  EXPECT_EQ(marked(Pattern::regex(R"((?i:'s|'t))", "test"), "it'S'T"), "it['S]['T]");
  EXPECT_EQ(to_pcre2(R"([\]a[:alpha:]^]\[)", "test"), R"([\]a[:alpha:]^]\[)");
}

TEST(Pattern, WhatPcre2ReadsOtherwiseIsRefused) {
  for (const char* expression :
       {"[a-z&&[^b]]", "[a[b]]", "(?m:.)", "(?s)a", "(*UTF)a", "a\\Qb\\E", "a\\", "[[:alpha", "(a", "a\\C"}) {
    const std::string error = testing::invalid_argument_of([&] { Pattern::regex(expression, "here"); });
    EXPECT_TRUE(error.starts_with("here: ")) << expression << ": " << error;
  }
}

}  // namespace
}  // namespace omma
