#include <gtest/gtest.h>

#include "omma/vision/font.h"

namespace omma {
namespace {

TEST(PrintableText, KeepsLettersOfAnyScript) { EXPECT_EQ(printable_text("ὄμμα 眼 é 🙂"), "ὄμμα 眼 é 🙂"); }

TEST(PrintableText, StripsControlsAndDirectionMarks) {
  EXPECT_EQ(printable_text("a\x1B[31mb\x07"), "a[31mb");
  EXPECT_EQ(printable_text("abc\u202Egpj.exe\u2066\u200B\uFEFF"), "abcgpj.exe");
}

TEST(PrintableText, WhiteSpaceBecomesSingleBlanks) { EXPECT_EQ(printable_text(" \t a\r\n\u2028 b\u00A0c \n"), "a b c"); }

TEST(PrintableText, ReplacesMalformedUtf8) {
  EXPECT_EQ(printable_text("a\xFF"), "a\uFFFD");
  EXPECT_EQ(printable_text("\xE2\x82"), "\uFFFD\uFFFD");  // cut
  EXPECT_EQ(printable_text("\xC0\x80"), "\uFFFD\uFFFD");  // overlong
  EXPECT_EQ(printable_text(std::string_view("a\0b", 3)), "ab");
}

}  // namespace
}  // namespace omma
