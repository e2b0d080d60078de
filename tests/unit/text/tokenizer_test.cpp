#include "omma/text/tokenizer.h"

#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <thread>

#include "omma/text/utf8.h"
#include "tests/temporary_directory.h"
#include "tests/unit/text/byte_tokenizer.h"

namespace omma {
namespace {

using Ids = std::vector<std::int32_t>;

Tokenizer byte_tokenizer() { return Tokenizer::from_json(testing::byte_tokenizer_json(), "test"); }

TEST(Tokenizer, LooksUpTokens) {
  const Tokenizer tokenizer = byte_tokenizer();
  EXPECT_EQ(tokenizer.vocab_size(), 258U);
  EXPECT_EQ(tokenizer.largest_id(), 257);
  EXPECT_EQ(tokenizer.token_to_id("<|end|>"), 256);
  EXPECT_EQ(tokenizer.token_to_id("nothing"), std::nullopt);
  EXPECT_EQ(tokenizer.id_to_token(256), "<|end|>");
  EXPECT_EQ(tokenizer.id_to_token('a'), "a");
  EXPECT_EQ(tokenizer.id_to_token(-1), "");
  EXPECT_TRUE(tokenizer.is_special(256));
  EXPECT_FALSE(tokenizer.is_special(257));
}

TEST(Tokenizer, SpecialTokensInTextArePlainOnDemand) {
  const Tokenizer tokenizer = byte_tokenizer();
  EXPECT_EQ(tokenizer.encode("a<|end|>").ids, (Ids{'a', 256}));
  EXPECT_EQ(tokenizer.encode("a<|end|>", {.parse_special = false}).ids, (Ids{'a', '<', '|', 'e', 'n', 'd', '|', '>'}));
  EXPECT_EQ(tokenizer.encode("<image>", {.parse_special = false}).ids, (Ids{257}));  // added, but not special
  EXPECT_EQ(tokenizer.decode(Ids{'a', 256, 'b'}), "ab");
  EXPECT_EQ(tokenizer.decode(Ids{'a', 256, 'b', 9999, -5}, false), "a<|end|>b");  // ids without a token are left out
}

TEST(Tokenizer, OffsetsAreBytesOfTheTextAsGiven) {
  const Encoding encoding = byte_tokenizer().encode("\xffé");  // a malformed byte is three bytes of U+FFFD
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> expected = {{0, 1}, {0, 1}, {0, 1}, {1, 3}, {1, 3}};
  EXPECT_EQ(encoding.offsets, expected);
  EXPECT_EQ(encoding.ids, (Ids{0xEF, 0xBF, 0xBD, 0xC3, 0xA9}));
}

TEST(Tokenizer, AnyTextRoundTripsThroughBytes) {
  const Tokenizer tokenizer = byte_tokenizer();
  for (const std::string& text :
       {std::string("nul\0nul", 7), std::string("\u202ertl\u202c 😀👩\u200d👧"), std::string("\xed\xa0\x80 \xc0\xaf")})
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text).ids), to_valid_utf8(text));
}

// A heap of merges, not a scan for each: a word of 200,000 characters takes well under a second.
TEST(Tokenizer, LongWordsAreNotQuadratic) {
  json file = testing::byte_tokenizer_json();
  json& model = file["model"];
  std::string token = "a";
  for (int id = 300; id < 308; ++id) {
    model["merges"].push_back(token + " " + token);
    token += token;
    model["vocab"][token] = id;
  }
  const Tokenizer tokenizer = Tokenizer::from_json(file, "test");
  const std::clock_t begin = std::clock();
  EXPECT_EQ(tokenizer.encode(std::string(256 * 800, 'a')).ids, Ids(800, 307));
  EXPECT_LT(std::clock() - begin, 2 * CLOCKS_PER_SEC);
}

TEST(Tokenizer, ThreadsShareOne) {
  const Tokenizer tokenizer = byte_tokenizer();
  const Ids expected = tokenizer.encode("two red balls").ids;
  std::vector<Ids> got(4);
  std::vector<std::thread> threads;
  for (Ids& ids : got) threads.emplace_back([&] { ids = tokenizer.encode("two red balls").ids; });
  for (std::thread& thread : threads) thread.join();
  for (const Ids& ids : got) EXPECT_EQ(ids, expected);
}

TEST(Tokenizer, VocabTxtIsBert) {
  const testing::TemporaryDirectory directory;
  std::ofstream(directory / "vocab.txt") << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\r\n##s\n";
  const Tokenizer tokenizer = Tokenizer::from_directory(directory.path());
  EXPECT_EQ(tokenizer.encode("CATS").ids, (Ids{2, 5, 6, 3}));
  std::ofstream(directory / "tokenizer_config.json") << R"({"do_lower_case": false})";
  EXPECT_EQ(Tokenizer::from_directory(directory.path()).encode("CATS").ids, (Ids{2, 1, 3}));
}

TEST(Tokenizer, TellsWhatIsMissing) {
  const testing::TemporaryDirectory directory;
  const auto load = [&] { return testing::invalid_argument_of([&] { Tokenizer::from_directory(directory.path()); }); };
  EXPECT_NE(load().find("expected tokenizer.json, tokenizer.model, spiece.model, vocab.json with merges.txt, or vocab.txt"),
            std::string::npos);
  std::ofstream(directory / "vocab.txt") << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n";
  EXPECT_NE(load().find("expected the token \"[MASK]\""), std::string::npos);
  std::ofstream(directory / "vocab.txt") << "a\nb\na\n";
  EXPECT_NE(load().find("line 3: \"a\" is there already"), std::string::npos);
}

}  // namespace
}  // namespace omma
