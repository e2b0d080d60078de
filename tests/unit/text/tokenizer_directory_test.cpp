// Directories without a tokenizer.json: T5's spiece.model, GPT-2's vocab.json and merges.txt.
#include <gtest/gtest.h>

#include <fstream>

#include "omma/text/tokenizer.h"
#include "tests/sentencepiece_bytes.h"
#include "tests/temporary_directory.h"
#include "tests/unit/text/byte_tokenizer.h"

namespace omma {
namespace {

using testing::CharsmapBytes;
using testing::invalid_argument_of;
using Ids = std::vector<std::int32_t>;

class TokenizerDirectory : public ::testing::Test {
 protected:
  void write(const char* name, std::string_view contents) const { std::ofstream(directory_ / name) << contents; }
  void write_json(const char* name, const json& contents) const { write(name, dump_json(contents)); }
  Tokenizer load() const { return Tokenizer::from_directory(directory_.path()); }
  std::string error() const {
    return invalid_argument_of([&] { load(); });
  }
  void expect_error(std::string_view part) const { EXPECT_NE(error().find(part), std::string::npos) << error(); }

  const testing::TemporaryDirectory directory_;
};

class T5Directory : public TokenizerDirectory {
 protected:
  T5Directory() {
    write("spiece.model",
          testing::sentencepiece_bytes(
              {{"<pad>", 0, 3}, {"</s>", 0, 3}, {"<unk>", 0, 2}, {"\u2581", -2}, {"a", -3}, {"\u2581a", -4}, {"<sep>", 0, 4}},
              CharsmapBytes().add("A", "a").add("\t", " ").bytes()));
  }
};

TEST_F(T5Directory, IsT5s) {
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.vocab_size(), 107U);
  EXPECT_EQ(tokenizer.encode("A\t aa").ids, (Ids{5, 5, 4, 1}));
  EXPECT_EQ(tokenizer.encode("a<extra_id_0>A <sep>").ids, (Ids{5, 106, 5, 6, 1}));
  EXPECT_EQ(tokenizer.encode("").ids, (Ids{1}));
  EXPECT_EQ(tokenizer.token_to_id("<extra_id_99>"), 7);
  EXPECT_TRUE(tokenizer.is_special(7));
  EXPECT_FALSE(tokenizer.is_special(6));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a a<sep>").ids), "a a<sep>");
}

TEST_F(T5Directory, TheConfigCounts) {
  write_json("tokenizer_config.json", json{{"extra_ids", 2}, {"tokenizer_class", "T5TokenizerFast"}, {"eos_token", "</s>"}});
  write_json("added_tokens.json", json{{"<image>", 9}});
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.vocab_size(), 10U);
  EXPECT_EQ(tokenizer.encode("<extra_id_1><image>").ids, (Ids{7, 9, 1}));
}

// Scores that never were text: see Unigram.ScoresAreTheLibrarys.
TEST_F(T5Directory, ScoresAreTheModels) {
  write("spiece.model", testing::sentencepiece_bytes({{"</s>", 0, 3},
                                                      {"<unk>", 0, 2},
                                                      {"\u2581", -1},
                                                      {"-", -5.557066440582275F},
                                                      {"--", -8.939188957214355F},
                                                      {"---", -10.327366828918457F}}));
  EXPECT_EQ(load().encode("--------").ids, (Ids{2, 4, 5, 5, 0}));
}

TEST_F(T5Directory, RefusesOthers) {
  write_json("tokenizer_config.json", json{{"tokenizer_class", "AlbertTokenizer"}});
  expect_error("tokenizer_class: expected T5Tokenizer beside files of this kind, or a tokenizer.json, got \"AlbertTokenizer\"");
  write_json("tokenizer_config.json", json{{"extra_ids", -1}});
  expect_error("extra_ids");
  write_json("tokenizer_config.json", json::object());
  write("spiece.model", testing::sentencepiece_bytes({{"<unk>", 0, 2}, {"</s>", 0, 3}}, "", 2));
  expect_error("expected a model of kind 1 (1 unigram, 2 byte-pair), got 2");
  write("spiece.model", testing::sentencepiece_bytes({{"<unk>", 0, 2}, {"a", 0}}));
  expect_error("expected a piece \"</s>\" and one for unknown characters");
  write("spiece.model", testing::sentencepiece_bytes({{"</s>", 0, 3}, {"a", 0}}));
  expect_error("expected a piece \"</s>\" and one for unknown characters");
  write("spiece.model", testing::sentencepiece_bytes({{"<unk>", 0, 2}, {"</s>", 0, 3}, {"<extra_id_5>", 0}}));
  expect_error("\"<extra_id_5>\" is there twice");
}

class Gpt2Directory : public TokenizerDirectory {
 protected:
  Gpt2Directory() {
    json vocabulary = testing::byte_tokenizer_json()["model"]["vocab"];
    for (const char* token : {"<pad>", "</s>", "<|endoftext|>", "ab", "\u0120ab"}) vocabulary[token] = vocabulary.size();
    write_json("vocab.json", vocabulary);
    write("merges.txt", "#version: 0.2\r\na b\r\n\u0120 ab\n\n");
  }
};

TEST_F(Gpt2Directory, IsGpt2s) {
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.encode("ab ab<|endoftext|></s>").ids, (Ids{259, 260, 258, '<', '/', 's', '>'}));
  EXPECT_EQ(tokenizer.decode(Ids{259, 260, 258}), "ab ab");
}

TEST_F(Gpt2Directory, IsOpts) {
  const json end = {{"__type", "AddedToken"}, {"content", "</s>"}, {"normalized", true}};
  write_json("tokenizer_config.json", json{{"tokenizer_class", "GPT2Tokenizer"},
                                           {"add_bos_token", true},
                                           {"bos_token", end},
                                           {"eos_token", end},
                                           {"unk_token", end},
                                           {"pad_token", "<pad>"}});
  write_json("config.json", json{{"model_type", "opt"}});
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.encode("ab</s>").ids, (Ids{257, 259, 257}));
  EXPECT_EQ(tokenizer.encode("ab", {.add_special_tokens = false}).ids, (Ids{259}));
  EXPECT_FALSE(tokenizer.is_special(258));
  write_json("tokenizer_config.json", json{{"add_prefix_space", true}});
  EXPECT_EQ(load().encode("ab").ids, (Ids{260}));
}

// A token that the vocabulary lacks has the id that the files tell, or the next one.
TEST_F(Gpt2Directory, AddedTokens) {
  write_json("tokenizer_config.json",
             json{{"added_tokens_decoder", {{"300", {{"content", "<image>"}, {"special", true}, {"lstrip", true}}}}},
                  {"bos_token", "<bos>"}});
  write_json("added_tokens.json", json{{"<old>", 400}});  // not read beside a decoder
  const Tokenizer tokenizer = load();
  EXPECT_EQ(tokenizer.encode("a <image>").ids, (Ids{'a', 300}));
  EXPECT_EQ(tokenizer.token_to_id("<bos>"), 301);
  EXPECT_EQ(tokenizer.token_to_id("<old>"), std::nullopt);
  write_json("tokenizer_config.json", json::object());
  write_json("special_tokens_map.json", json{{"additional_special_tokens", {"<old>"}}});
  EXPECT_TRUE(load().is_special(400));
}

TEST_F(Gpt2Directory, RefusesOthers) {
  write_json("config.json", json{{"model_type", "clip"}});
  expect_error(
      "config.json: model_type: expected gpt2, opt or blip-2 beside vocab.json and merges.txt, or a tokenizer.json, got \"clip\"");
  write_json("tokenizer_config.json", json{{"tokenizer_class", "RobertaTokenizer"}});
  expect_error("tokenizer_class: expected GPT2Tokenizer");
  write_json("tokenizer_config.json", json{{"tokenizer_class", "GPT2Tokenizer"}});
  EXPECT_EQ(error(), "");
  write("merges.txt", "a b c\n");
  expect_error("merges[0]: expected \"left right\"");
  write("merges.txt", "a x\n");
  expect_error("\"ax\" is not in the vocabulary");
  write("merges.txt", "a \xff\n");
  expect_error("merges.txt: expected UTF-8");
  write("merges.txt", "");
  for (const char* decoder : {R"({"x": {}})", R"({"-1": {}})", R"({"9999999999": {}})", "[]", R"({"1": []})"}) {
    write("tokenizer_config.json", R"({"added_tokens_decoder": )" + std::string(decoder) + "}");
    expect_error("added_tokens_decoder");
  }
  write("tokenizer_config.json", R"({"bos_token": 3})");
  expect_error("bos_token");
  write("tokenizer_config.json", "[]");
  expect_error("expected a JSON object");
}

}  // namespace
}  // namespace omma
