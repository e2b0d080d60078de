// Unigram models and SentencePiece's rules made to crash, hang or mislead: the bytes by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/base64.h"
#include "omma/text/charsmap.h"
#include "omma/text/sentencepiece_model.h"
#include "omma/text/t5_tokenizer.h"
#include "omma/text/tokenizer.h"
#include "tests/hostile/text/tokenizer_errors.h"
#include "tests/sentencepiece_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::CharsmapBytes;
using testing::error_of;
using testing::invalid_argument_of;
using testing::little_endian;
using testing::Stopwatch;
using testing::tells;

using Pieces = std::vector<std::pair<std::string, double>>;

std::string unigram_error(const std::string& fields) { return testing::model_error(R"("type": "Unigram", )" + fields); }

std::string rules_error(const std::string& bytes) {
  return invalid_argument_of([&] { Charsmap(bytes, "rules"); });
}

std::string rules_error(const CharsmapBytes& rules) { return rules_error(rules.bytes()); }

TEST(UnigramFile, Pieces) {
  EXPECT_EQ(unigram_error(R"("vocab": [["a", -1]])"), "");
  for (const char* pieces : {"{}", "null", "3", "\"a\""})
    EXPECT_TRUE(tells(unigram_error(std::string(R"("vocab": )") + pieces), "vocab: expected a list of [piece, score]")) << pieces;
  EXPECT_TRUE(tells(unigram_error(R"("unk_id": 0)"), "vocab: expected a list of [piece, score]"));
  EXPECT_TRUE(tells(unigram_error(R"("vocab": [])"), "vocab: expected 1 to 2^31 - 1 pieces, got 0"));
  for (const char* pair :
       {"[]", "[\"a\"]", "[\"a\", null]", "[\"a\", \"1\"]", "[1, 1]", "[\"a\", 1, 2]", "{}", "\"a\"", "[\"a\", true]"})
    EXPECT_TRUE(
        tells(unigram_error(std::string(R"("vocab": [["b", 0], )") + pair + "]"), "model.vocab[1]: expected [piece, score], got"))
        << pair;
  EXPECT_TRUE(tells(unigram_error(R"("vocab": [["a", 0], ["b", 0], ["a", 1]])"), "vocab[2]: \"a\" is there already"));
  EXPECT_TRUE(tells(unigram_error(R"("vocab": [[")" + std::string(1025, 'a') + R"(", 0]])"),
                    "expected a piece of at most 1024 bytes, got 1025"));
}

TEST(UnigramFile, ScoresThatAreNoNumbers) {
  for (const char* score : {"1e400", "-1e999", "NaN", "Infinity", "-inf"})
    EXPECT_NE(unigram_error(std::string(R"("vocab": [["a", )") + score + "]]"), "") << score;
  for (const double score : {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    const json file = {{"model", {{"type", "Unigram"}, {"vocab", Pieces{{"a", 0.0}, {"b", score}}}}}};
    EXPECT_TRUE(
        tells(invalid_argument_of([&] { Tokenizer::from_json(file, "t.json"); }), "vocab[1]: expected a finite score of \"b\""));
  }
}

// Sums beyond a double's range are infinite, and a word has its tokens all the same.
TEST(UnigramFile, ScoresThatOverflow) {
  for (const char* score : {"1.7976931348623157e308", "-1.7976931348623157e308", "5e-324", "-0.0"}) {
    const std::string text =
        std::string(R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["u", 0], ["a", )") + score + "]]}}";
    const Tokenizer tokenizer = Tokenizer::from_json(parse_json(text, "t.json"), "t.json");
    EXPECT_EQ(tokenizer.encode("aaaaaaaa").offsets.back().second, 8U) << score;
  }
}

TEST(UnigramFile, UnknownIds) {
  for (const char* id : {"1", "-1", "4294967296", "9e15"})
    EXPECT_TRUE(tells(unigram_error(std::string(R"("vocab": [["a", 0]], "unk_id": )") + id),
                      "unk_id: expected a place in the list of 1 pieces"))
        << id;
  for (const char* id : {"0.5", "\"0\"", "[]", "1e300"})
    EXPECT_TRUE(tells(unigram_error(std::string(R"("vocab": [["a", 0]], "unk_id": )") + id), "unk_id")) << id;
  EXPECT_TRUE(tells(unigram_error(R"("vocab": [["a", 0]], "byte_fallback": 1)"), "byte_fallback"));
}

// Every prefix of a long run is a piece: time grows with the text's length, not with its square.
TEST(UnigramFile, PiecesWithinPieces) {
  Pieces pieces = {{"<unk>", 0}};
  for (std::size_t size = 1; size <= 1024; size *= 2) pieces.push_back({std::string(size, 'a'), -1});
  const Tokenizer tokenizer = Tokenizer::from_json({{"model", {{"type", "Unigram"}, {"unk_id", 0}, {"vocab", pieces}}}}, "t.json");
  const Stopwatch watch;
  EXPECT_EQ(tokenizer.encode(std::string(20 * 1024, 'a')).size(), 20U);
  EXPECT_LT(watch.seconds(), 20);
}

TEST(UnigramFile, Metaspace) {
  EXPECT_TRUE(tells(error_of(R"({"pre_tokenizer": {"type": "Metaspace", "add_prefix_space": false, "prepend_scheme": "always"}})"),
                    "add_prefix_space: expected true, since prepend_scheme is always"));
}

TEST(Rules, Base64) {
  const auto error = [](const std::string& text) {
    return error_of(R"({"normalizer": {"type": "Precompiled", "precompiled_charsmap": )" + text + "}}");
  };
  EXPECT_TRUE(tells(error("\"AAA\""), "normalizer.precompiled_charsmap: expected base64, groups of four letters, got 3"));
  EXPECT_TRUE(tells(error("\"AA A\""), "normalizer.precompiled_charsmap: expected base64, got the byte 0x20 as letter 2"));
  EXPECT_TRUE(tells(error("3"), "precompiled_charsmap: expected a string"));
  for (const char* text : {"\"\"", "null"}) EXPECT_TRUE(tells(error(text), "expected the size of a trie, got 0 bytes"));
}

TEST(Rules, TheTriesSize) {
  const std::string bytes = CharsmapBytes().add("a", "b").bytes();
  EXPECT_EQ(rules_error(bytes), "");
  for (std::size_t size = 0; size < bytes.size(); size += 7) EXPECT_NE(rules_error(bytes.substr(0, size)), "") << size;
  for (const std::uint32_t size : {0U, 1U, 7U, 0xFFFFFFFFU, 0xFFFFFFFCU, static_cast<std::uint32_t>(bytes.size())})
    EXPECT_TRUE(tells(rules_error(little_endian(size) + bytes.substr(4)), "expected a trie of whole units of 4 bytes")) << size;
  EXPECT_TRUE(tells(rules_error(little_endian(5 << 20) + std::string(6 << 20, '\0')), "at most 4194304"));
  EXPECT_TRUE(tells(rules_error(little_endian(4) + bytes.substr(4)), "the trie's unit 0 leads to unit 256, expected one of 1"));
}

TEST(Rules, TheTrieLeavesItsArray) {
  CharsmapBytes rules = CharsmapBytes().add("ab", "c");
  const std::size_t child = CharsmapBytes::block + 'a';
  for (const std::uint32_t offset : {0x1FFFFFU << 10, 0x1FFFFFU << 10 | 0x200U, 4U << 18}) {
    CharsmapBytes broken = rules;
    broken.units[child] = offset | 'a';
    EXPECT_TRUE(tells(rules_error(broken), "the trie's unit 353 leads to unit")) << offset;
  }
  rules.units[0] = 0xFFFFFC00;
  EXPECT_TRUE(tells(rules_error(rules), "the trie's unit 0 leads to unit"));
}

// A state that is its own child, and two that are each other's: rules without end.
TEST(Rules, TheTrieTurnsInCircles) {
  CharsmapBytes own = CharsmapBytes().add("ab", "c");
  const std::size_t child = CharsmapBytes::block + 'a';
  own.units[child] = static_cast<std::uint32_t>((child ^ CharsmapBytes::block) << 10 | 'a');
  EXPECT_TRUE(tells(rules_error(own), "the trie turns in circles"));
  CharsmapBytes each = CharsmapBytes().add("ab", "c");
  const std::size_t grandchild = 2 * CharsmapBytes::block + 'b';
  each.units[grandchild] = static_cast<std::uint32_t>((grandchild ^ CharsmapBytes::block) << 10 | 'b');
  EXPECT_TRUE(tells(rules_error(each), "the trie turns in circles"));
}

// A trie of a hundred bytes a level has 10^10 strings of five bytes, all of them shared.
TEST(Rules, TheTrieHasTooManyWays) {
  CharsmapBytes rules;
  for (std::size_t level = 0; level < 30; ++level) {
    const std::size_t state = (level + 1) * CharsmapBytes::block, next = state + CharsmapBytes::block;
    rules.units.resize(next + CharsmapBytes::block);
    for (std::size_t byte = 1; byte <= 100; ++byte)
      rules.units[state ^ byte] = static_cast<std::uint32_t>((state ^ byte ^ next) << 10 | byte);
  }
  const Stopwatch watch;
  EXPECT_TRUE(tells(rules_error(rules), "states that few of them share"));
  EXPECT_LT(watch.seconds(), 10);
}

// Two ways a level to thirty levels are 2^30 strings, and those beyond five bytes are followed once.
TEST(Rules, SharedStates) {
  CharsmapBytes rules;
  rules.replacements = std::string("x\0", 2);
  for (std::size_t level = 0; level < 30; ++level) {
    const std::size_t state = (level + 1) * CharsmapBytes::block, next = state + CharsmapBytes::block;
    rules.units.resize(next + CharsmapBytes::block);
    const std::size_t value = level == 4 ? 0x100 : 0;
    for (const std::size_t byte : {'a', 'b'})
      rules.units[state ^ byte] = static_cast<std::uint32_t>((state ^ byte ^ next) << 10 | value | byte);
  }
  rules.units[6 * CharsmapBytes::block] = 0x80000000;
  const Stopwatch watch;
  EXPECT_EQ(rules_error(rules), "");
  EXPECT_LT(watch.seconds(), 1);
}

TEST(Rules, Replacements) {
  CharsmapBytes rules = CharsmapBytes().add("a", "b").add("c", "de");
  rules.replacements.pop_back();
  EXPECT_TRUE(tells(rules_error(rules), "rules: at 2 of 4 bytes: expected a replacement of at most 1024 bytes and NUL behind it"));
  rules.replacements.clear();
  EXPECT_TRUE(tells(rules_error(rules), "rules: at 0 of 0 bytes: expected a replacement"));
  for (const std::uint32_t offset : {5U, 0x7FFFFFFFU}) {
    CharsmapBytes far = CharsmapBytes().add("a", "b").add("c", "de");
    far.units[2 * CharsmapBytes::block] = 0x80000000U | offset;
    EXPECT_TRUE(tells(rules_error(far), "expected a replacement")) << offset;
  }
  EXPECT_TRUE(tells(rules_error(CharsmapBytes().add("a", "\xff")), "the replacement at 0: expected UTF-8"));
  EXPECT_TRUE(tells(rules_error(CharsmapBytes().add("a", std::string(1025, 'b'))), "expected a replacement of at most 1024 bytes"));
  CharsmapBytes within = CharsmapBytes().add("a", "\u00e9");
  within.units[2 * CharsmapBytes::block] = 0x80000001U;  // the second byte of é
  EXPECT_TRUE(tells(rules_error(within), "the replacement at 1: expected UTF-8"));
}

// Every byte of a small file broken in turn: refused or read, never worse.
TEST(Rules, EveryByte) {
  const std::string bytes = CharsmapBytes().add("a", "b").add("é", "e").add("ab", "").bytes();
  int refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {1, 0x80, 0xFF}) {
      std::string broken = bytes;
      broken[i] = static_cast<char>(broken[i] ^ flip);
      const std::string error = invalid_argument_of([&] {
        AlignedText text("abé a\u0301 \r\n");
        Charsmap(broken, "rules").apply(text);
      });
      refused += error.empty() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 20);
}

TEST(Rules, TextThatGrows) {
  const Charsmap rules(CharsmapBytes().add("a", std::string(1024, 'b')).bytes(), "rules");
  AlignedText text(std::string(1 << 20, 'a'));
  EXPECT_TRUE(tells(invalid_argument_of([&] { rules.apply(text); }), "normalized text: expected at most 16777216 bytes"));
}

// Marks without end on one letter are one cluster.
TEST(Rules, LongClusters) {
  const Charsmap rules(CharsmapBytes().add("a", "b").add("\u0301", "").bytes(), "rules");
  std::string letter = "a";
  for (int i = 0; i < 500'000; ++i) letter += "\u0301";
  AlignedText text(letter);
  const Stopwatch watch;
  rules.apply(text);
  EXPECT_EQ(text.str(), "b");
  EXPECT_LT(watch.seconds(), 10);
}

std::string piece_error(const testing::PieceBytes& piece) {
  const std::string bytes = testing::sentencepiece_bytes({{"<unk>", 0, 2}, {"</s>", 0, 3}, piece});
  return invalid_argument_of([&] { t5_tokenizer(bytes, {}, "spiece.model"); });
}

TEST(SentencePieceFile, Pieces) {
  EXPECT_EQ(piece_error({"a", -1}), "");
  EXPECT_TRUE(tells(piece_error({"</s>", -1}), "spiece.model: piece 2: \"</s>\" is there twice"));
  EXPECT_TRUE(tells(piece_error({"a", std::nanf("")}), "spiece.model: piece 2: expected a finite score of \"a\""));
  EXPECT_TRUE(tells(piece_error({"a", std::numeric_limits<float>::infinity()}), "expected a finite score"));
  EXPECT_TRUE(tells(piece_error({"\xff", -1}), "piece 2: expected UTF-8 of at most 1024 bytes"));
  EXPECT_TRUE(tells(piece_error({std::string(1025, 'a'), -1}), "piece 2: expected UTF-8 of at most 1024 bytes, got 1025"));
}

TEST(SentencePieceFile, Bytes) {
  const auto error = [](const std::string& bytes) {
    return invalid_argument_of([&] { read_sentencepiece_model(bytes, SentencePieceModel::Kind::unigram, "spiece.model"); });
  };
  const std::string bytes = testing::sentencepiece_bytes({{"<unk>", 0, 2}, {"</s>", 0, 3}, {"a", -1}}, CharsmapBytes().bytes());
  EXPECT_EQ(error(bytes), "");
  EXPECT_TRUE(tells(error(""), "found no pieces"));
  EXPECT_TRUE(tells(error("\x0a\x7f"
                          "abc"),
                    "expected 127 more bytes, found 3"));
  EXPECT_TRUE(tells(error("\x0b"), "got wire type 3"));
  EXPECT_TRUE(tells(error(std::string(11, '\xff')), "expected a number of at most ten bytes"));
  int refused = 0;
  for (std::size_t size = 0; size < 40; ++size) refused += error(bytes.substr(0, size)).empty() ? 0 : 1;
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace omma
