#include "omma/text/text_stream.h"

#include <gtest/gtest.h>

#include "tests/unit/text/byte_tokenizer.h"

namespace omma {
namespace {

class TextStreamTest : public ::testing::Test {
 protected:
  Tokenizer tokenizer_ = Tokenizer::from_json(testing::byte_tokenizer_json(), "test");
  TextStream stream_{tokenizer_};
};

TEST_F(TextStreamTest, EmitsWholeCharacters) {
  std::vector<std::string> pieces;
  for (const std::int32_t id : tokenizer_.encode("a😀é").ids) pieces.push_back(stream_.push(id));
  EXPECT_EQ(pieces, (std::vector<std::string>{"a", "", "", "", "😀", "", "é"}));
  EXPECT_EQ(stream_.finish(), "");
}

TEST_F(TextStreamTest, UnfinishedCharactersComeAtTheEnd) {
  EXPECT_EQ(stream_.push('a'), "a");
  EXPECT_EQ(stream_.push(0xE4), "");
  EXPECT_EQ(stream_.push(0xB8), "");
  EXPECT_EQ(stream_.finish(), "\uFFFD");
  EXPECT_EQ(stream_.push('b'), "b");  // and the stream may start again
}

TEST_F(TextStreamTest, MalformedBytesDoNotWaitForever) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += stream_.push(0x80);
  EXPECT_GE(text.size(), 3U * 90U);
  text += stream_.finish();
  EXPECT_EQ(text.size(), 3U * 100U);
}

TEST_F(TextStreamTest, SpecialTokensAreLeftOut) {
  EXPECT_EQ(stream_.push('a'), "a");
  EXPECT_EQ(stream_.push(256), "");
  EXPECT_EQ(stream_.push('b'), "b");
  TextStream all(tokenizer_, false);
  EXPECT_EQ(all.push(256), "<|end|>");
}

}  // namespace
}  // namespace omma
