#include "omma/text/utf8.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

TEST(Utf8, EveryCodePointRoundTrips) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string text;
    append_utf8(text, code);
    const DecodedCharacter character = decode_utf8(text, 0);
    ASSERT_TRUE(character.valid && character.code == code && character.size == text.size());
    ASSERT_EQ(utf8_size(text[0]), text.size());
  }
}

// One U+FFFD for each maximal ill-formed part.
TEST(Utf8, MalformedParts) {
  EXPECT_EQ(to_valid_utf8("a\xe4\xb8"
                          "b"),
            "a\uFFFDb");                                                     // cut short: one
  EXPECT_EQ(to_valid_utf8("\xc0\xaf"), "\uFFFD\uFFFD");                      // overlong
  EXPECT_EQ(to_valid_utf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // surrogate
  EXPECT_EQ(to_valid_utf8("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // over U+10FFFF
  EXPECT_EQ(to_valid_utf8("\xf0\x9f\x98"), "\uFFFD");
  EXPECT_FALSE(is_valid_utf8("\x80"));
  EXPECT_TRUE(is_valid_utf8(std::string_view("\0\u202e", 4)));
}

}  // namespace
}  // namespace omma
