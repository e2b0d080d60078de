// Tokenizer files made to crash, hang or mislead, and text that is.
#include <gtest/gtest.h>

#include <string>

#include "omma/text/tokenizer.h"
#include "omma/text/utf8.h"
#include "tests/hostile/text/tokenizer_errors.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::error_of;
using testing::invalid_argument_of;
using testing::model_error;
using testing::Stopwatch;
using testing::tells;

// A tokenizer of the words a and b, one id a character, with more fields of the file in front.
Tokenizer with(const std::string& fields) {
  return Tokenizer::from_json(
      parse_json("{" + fields + R"("model": {"type": "BPE", "unk_token": "a", "vocab": {"a": 0, "b": 1}, "merges": []}})",
                 "t.json"),
      "t.json");
}

TEST(TokenizerFile, IsNoTokenizer) {
  for (const char* text : {"null", "[]", "1", "{}", R"({"model": 1})", R"({"model": {}})", R"({"model": {"vocab": []}})"})
    EXPECT_NE(error_of(text), "") << text;
  EXPECT_TRUE(tells(model_error(R"("type": "WordLevel", "vocab": {})"),
                    "t.json: model.type: expected BPE, Unigram or WordPiece, got \"WordLevel\""));
  EXPECT_TRUE(tells(error_of(R"({"normalizer": {"type": "ByteLevel"}})"), "t.json: normalizer.type: \"ByteLevel\" is not built"));
  EXPECT_TRUE(tells(error_of(R"({"pre_tokenizer": {"type": 3}})"), "t.json: pre_tokenizer.type: expected a string"));
  EXPECT_TRUE(tells(error_of(R"({"decoder": {"type": "CTC"}, "model": {"vocab": {"[UNK]": 0}}})"),
                    "t.json: decoder.type: \"CTC\" is not built"));
}

// Merges whose parts or joint no token has, and very many of them.
TEST(TokenizerFile, T1Merges) {
  const std::string vocabulary = R"("type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, )";
  EXPECT_TRUE(tells(model_error(vocabulary + R"("merges": ["b a"])"), "merges[0]: \"ba\" is not in the vocabulary"));
  EXPECT_TRUE(tells(model_error(vocabulary + R"("merges": ["a b", "c a"])"), "merges[1]: \"c\" is not in the vocabulary"));
  EXPECT_TRUE(
      tells(model_error(vocabulary + R"("merges": [[")" + std::string(1 << 20, 'a') + R"(", "b"]])"), "is not in the vocabulary"));
  for (const char* merge : {"\"a\"", "\"a b c\"", "[\"a\"]", "[\"a\", 1]", "1", "null", "[\"a\", \"b\", \"c\"]"})
    EXPECT_TRUE(tells(model_error(vocabulary + R"("merges": [)" + merge + "]"), "expected \"left right\""));
  EXPECT_TRUE(tells(model_error(vocabulary + R"("merges": {})"), "merges: expected a list"));
  EXPECT_TRUE(
      tells(model_error(R"("type": "BPE", "continuing_subword_prefix": "####", "vocab": {"a": 0, "b": 1}, "merges": ["a b"])"),
            "shorter than the prefix"));
  std::string many = "\"a b\"";
  for (int i = 1; i < 1'000'000; ++i) many += ",\"a b\"";
  const Stopwatch watch;
  EXPECT_EQ(model_error(vocabulary + "\"merges\": [" + many + "]"), "");
  EXPECT_LT(watch.seconds(), 30);
}

// Ids that are no ids; memory follows the number of tokens.
TEST(TokenizerFile, T2Ids) {
  for (const char* id : {"-1", "2147483648", "18446744073709551615", "1.5", "1e400", "\"1\"", "null", "[]"})
    EXPECT_NE(model_error(std::string(R"("vocab": {"[UNK]": 0, "a": )") + id + "}"), "") << id;
  EXPECT_TRUE(tells(model_error(R"("vocab": {"[UNK]": 0, "a": 7, "b": 7})"), "id 7 is given to \"a\" and to \"b\""));
  const Tokenizer sparse =
      Tokenizer::from_json(parse_json(R"({"model": {"vocab": {"[UNK]": 0, "a": 2147483647}}})", "t.json"), "t.json");
  EXPECT_EQ(sparse.vocab_size(), 2U);
  EXPECT_EQ(sparse.largest_id(), 2147483647);
  EXPECT_EQ(sparse.encode("a").ids, std::vector<std::int32_t>{2147483647});
}

TEST(TokenizerFile, T2AddedTokens) {
  const auto added = [](const std::string& token) {
    return error_of(R"({"model": {"vocab": {"[UNK]": 0, "a": 1}}, "added_tokens": [)" + token + "]}");
  };
  EXPECT_EQ(added(R"({"id": 5, "content": "x"})"), "");
  EXPECT_TRUE(tells(added(R"({"id": 5, "content": ""})"), "content: expected 1 to 1024 bytes"));
  EXPECT_TRUE(tells(added(R"({"id": 5, "content": ")" + std::string(1025, 'x') + "\"}"), "content: expected 1 to 1024 bytes"));
  EXPECT_TRUE(tells(added(R"({"content": "x"})"), "expected a token id"));
  EXPECT_TRUE(tells(added(R"({"id": 4294967296, "content": "x"})"), "expected a token id"));
  EXPECT_TRUE(tells(added(R"({"id": 1, "content": "x"})"), "is \"a\" in the vocabulary"));
  EXPECT_TRUE(tells(added(R"({"id": 5, "content": "a"})"), "expected 1, which \"a\" has in the vocabulary, got 5"));
  EXPECT_TRUE(tells(added(R"({"id": 5, "content": "x"}, {"id": 5, "content": "y"})"), "is there already"));
  EXPECT_TRUE(tells(added(R"({"id": 5, "content": "x"}, {"id": 6, "content": "x"})"), "is there already"));
}

// Tokens that look like bytes but are none.
TEST(TokenizerFile, T3ByteTokens) {
  for (const char* token : {"<0x-1>", "<0xZZ>", "<0x100>", "<0x>", "<0xa0>", "<0x 1>", "<0x+A>"})
    EXPECT_TRUE(
        tells(model_error(std::string(R"("type": "BPE", "byte_fallback": true, "merges": [], "vocab": {")") + token + "\": 0}"),
              "expected byte tokens <0x00>..<0xFF>"));
}

// Expressions that backtrack exponentially end in an error, with the match limit growing with the text only linearly.
TEST(TokenizerFile, T4Regex) {
  for (const char* expression : {"(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){12}$", "((a+)*)*$", "(?=(a+)+$)a"}) {
    const std::string pattern = std::string(R"({"Regex": ")") + expression + "\"}";
    const std::string text = std::string(5000, 'a') + "!";
    const Stopwatch watch;
    for (const std::string& field : {R"("pre_tokenizer": {"type": "Split", "behavior": "Isolated", "pattern": )" + pattern + "},",
                                     R"("normalizer": {"type": "Replace", "content": "b", "pattern": )" + pattern + "},"}) {
      const Tokenizer tokenizer = with(field);
      EXPECT_TRUE(tells(invalid_argument_of([&] { tokenizer.encode(text); }), "regular expression on 5001 bytes of text"))
          << expression;
    }
    EXPECT_LT(watch.seconds(), 20) << expression;
  }
  EXPECT_TRUE(tells(error_of(R"({"normalizer": {"type": "Replace", "pattern": {"Regex": ")" + std::string(70'000, 'a') + "\"}}}"),
                    "at most"));
  EXPECT_TRUE(tells(error_of(R"({"normalizer": {"type": "Replace", "pattern": {"Regex": ")" + std::string(2000, '(') + "\"}}}"),
                    "regular expression"));
  EXPECT_TRUE(
      tells(error_of(R"({"normalizer": {"type": "Replace", "pattern": {"Regex": "((a{1000}){1000}){1000}"}}})"), "too large"));
  EXPECT_TRUE(tells(error_of(R"({"normalizer": {"type": "Replace", "pattern": {"String": ""}}})"), "not empty"));
  EXPECT_TRUE(
      tells(error_of(R"({"normalizer": {"type": "Replace", "pattern": {"Glob": "*"}}})"), "expected \"String\" or \"Regex\""));
}

// Depth, of the JSON text and of sequences, and length of sequences.
TEST(TokenizerFile, T5Depth) {
  std::string deep = R"({"type": "Lowercase"})";
  for (int i = 0; i < 10'000; ++i) deep = R"({"type": "Sequence", "normalizers": [)" + deep + "]}";
  EXPECT_TRUE(tells(error_of("{\"normalizer\": " + deep + "}"), "nested deeper than 64"));

  json sequence = {{"type", "Lowercase"}};
  for (int i = 0; i < 5000; ++i) sequence = {{"type", "Sequence"}, {"normalizers", json::array({std::move(sequence)})}};
  const json file = {{"normalizer", std::move(sequence)}};
  EXPECT_TRUE(tells(invalid_argument_of([&] { Tokenizer::from_json(file, "t.json"); }), "Sequence nested deeper than 16"));

  std::string wide = R"({"type": "Lowercase"})";
  for (int i = 0; i < 1000; ++i) wide += R"(,{"type": "Lowercase"})";
  EXPECT_TRUE(tells(error_of(R"({"normalizer": {"type": "Sequence", "normalizers": [)" + wide + "]}}"), "at most 64 components"));
}

// Steps that double the text end at the cap.
TEST(TokenizerFile, TextThatGrows) {
  std::string doubling;
  for (int i = 0; i < 60; ++i) doubling += R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"},)";
  doubling.pop_back();
  const Tokenizer tokenizer = with(R"("normalizer": {"type": "Sequence", "normalizers": [)" + doubling + "]},");
  EXPECT_TRUE(tells(invalid_argument_of([&] { tokenizer.encode("a"); }), "normalized text: expected at most 16777216 bytes"));
  EXPECT_TRUE(tells(invalid_argument_of([&] { with("").encode(std::string((16 << 20) + 1, 'a')); }),
                    "text: expected at most 16777216 bytes"));
}

TEST(TokenizerFile, WordPieceLimits) {
  EXPECT_TRUE(tells(model_error(R"("type": "WordPiece", "vocab": {"[UNK]": 0}, "max_input_chars_per_word": 1000000000)"), "1000"));
  EXPECT_TRUE(tells(model_error(R"("type": "WordPiece", "vocab": {"a": 0})"), "unk_token: \"[UNK]\" is not in the vocabulary"));
  std::string vocabulary = R"("[UNK]": 0, "a": 1, "##a": 2)";
  for (int i = 0; i < 400; ++i)
    vocabulary += ",\"" + std::string(i < 2 ? 900 : 500 + i, 'b') + std::to_string(i) + "\": " + std::to_string(i + 3);
  const Tokenizer tokenizer = Tokenizer::from_json(
      parse_json(R"({"model": {"type": "WordPiece", "max_input_chars_per_word": 1000, "vocab": {)" + vocabulary + "}}}", "t.json"),
      "t.json");
  const Stopwatch watch;
  EXPECT_EQ(tokenizer.encode(std::string(1000, 'a')).size(), 1000U);
  EXPECT_LT(watch.seconds(), 10);
}

TEST(TokenizerFile, Templates) {
  const auto post = [](const std::string& processor) {
    return error_of(R"({"model": {"vocab": {"[UNK]": 0}}, "post_processor": )" + processor + "}");
  };
  const std::string text = R"({"Sequence": {"id": "A", "type_id": 0}})";
  EXPECT_EQ(post(R"({"type": "TemplateProcessing", "special_tokens": {}, "single": [)" + text + "]}"), "");
  EXPECT_TRUE(tells(post(R"({"type": "TemplateProcessing", "single": [)" + text + "," + text + "]}"), "expected the text once"));
  EXPECT_TRUE(tells(post(R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}]})"),
                    "expected the ids of \"[CLS]\""));
  EXPECT_TRUE(tells(post(R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}]})"),
                    "expected Sequence A or a SpecialToken"));
  EXPECT_TRUE(tells(post(R"({"type": "TemplateProcessing", "single": [1]})"), "expected {\"Sequence\""));
  EXPECT_TRUE(tells(post(R"({"type": "BertProcessing", "cls": ["[CLS]", -1], "sep": ["[SEP]", 1]})"), "expected a token id"));
  EXPECT_TRUE(tells(post(R"({"type": "RobertaProcessing", "cls": "x"})"), "cls: expected [token, id]"));
}

TEST(TokenizerFile, OtherFields) {
  EXPECT_TRUE(tells(error_of(R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "ab"}})"), "expected one character"));
  EXPECT_TRUE(tells(error_of(R"({"pre_tokenizer": {"type": "Metaspace", "replacement": ""}})"), "expected one character"));
  EXPECT_TRUE(tells(error_of(R"({"pre_tokenizer": {"type": "Punctuation", "behavior": "Lost"}})"), "expected Removed, Isolated"));
  const std::string model = R"({"model": {"vocab": {"[UNK]": 0}}, )";
  EXPECT_TRUE(tells(error_of(model + R"("decoder": {"type": "Strip", "content": " ", "start": -1}})"), "start"));
  EXPECT_TRUE(tells(error_of(model + R"("decoder": {"type": "Strip", "content": "", "start": 1}})"), "expected one character"));
  EXPECT_TRUE(tells(error_of(model + R"("decoder": {"type": "Metaspace", "replacement": ""}})"), "expected one character"));
  EXPECT_TRUE(tells(error_of("{\"model\": {\"vocab\": {\"\xff\": 0}}}"), "malformed JSON"));
}

// Malformed UTF-8, NUL and direction marks are text like any other.
TEST(TokenizerText, T6Bytes) {
  const Tokenizer tokenizer = with("");
  for (const std::string& text :
       {std::string("\xc0\x80"), std::string("\xed\xa0\x80"), std::string("\xf8\x88\x80\x80\x80"), std::string("\xf0\x9f\x98"),
        std::string("\0a\0", 3), std::string("\u202eabc\u202c"), std::string("\xff\xfe"), std::string("\xf4\x90\x80\x80")}) {
    const Encoding encoding = tokenizer.encode(text);
    ASSERT_FALSE(encoding.ids.empty());
    for (const auto& [begin, end] : encoding.offsets) {
      EXPECT_LE(begin, end);
      EXPECT_LE(end, text.size());
    }
    EXPECT_EQ(encoding.offsets.back().second, text.size());
  }
}

// What a prompt says is text, unless the caller says otherwise.
TEST(TokenizerText, T7SpecialTokensInPrompts) {
  const Tokenizer tokenizer = with(R"("added_tokens": [{"id": 9, "content": "ab", "special": true, "normalized": false}],)");
  EXPECT_EQ(tokenizer.encode("aabb").ids, (std::vector<std::int32_t>{0, 9, 1}));
  EXPECT_EQ(tokenizer.encode("aabb", {.parse_special = false}).ids, (std::vector<std::int32_t>{0, 0, 1, 1}));
}

}  // namespace
}  // namespace omma
