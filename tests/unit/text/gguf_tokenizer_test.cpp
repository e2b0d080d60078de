// Vocabularies written by hand as the metadata of GGUF files has them.
#include "omma/text/gguf_tokenizer.h"

#include <gtest/gtest.h>

#include <limits>

#include "omma/text/byte_level.h"
#include "omma/text/utf8.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using Ids = std::vector<std::int32_t>;

void expect_refusal(const GgufVocabulary& vocabulary, std::string_view part) {
  const std::string error = testing::invalid_argument_of([&] { gguf_tokenizer_json(vocabulary, "x.gguf"); });
  EXPECT_TRUE(error.starts_with("x.gguf: tokenizer.ggml.")) << error;
  EXPECT_NE(error.find(part), std::string::npos) << error;
}

// The bytes' tokens are 0..255, words follow.
class ByteLevelVocabulary : public ::testing::Test {
 protected:
  enum : std::int32_t { an = 256, ban, abcde, bos, eos, user, count };

  ByteLevelVocabulary() {
    made_.model = "gpt2";
    for (int byte = 0; byte < 256; ++byte)
      append_utf8(made_.tokens.emplace_back(), byte_character(static_cast<std::uint8_t>(byte)));
    for (const char* token : {"an", "ban", "abcde", "<|begin|>", "<|end|>", "<user>"}) made_.tokens.emplace_back(token);
    made_.token_type.assign(count, 1);
    made_.token_type[bos] = made_.token_type[eos] = 3;
    made_.token_type[user] = 4;
    made_.merges = {"a n", "b an"};
    made_.bos_token_id = bos;
    made_.eos_token_id = eos;
  }

  GgufVocabulary with(const std::string& pre) const {
    GgufVocabulary vocabulary = made_;
    vocabulary.pre = pre;
    return vocabulary;
  }
  Ids ids(const std::string& pre, std::string_view text, const EncodeOptions& options = {}) const {
    return gguf_tokenizer(with(pre), "x.gguf").encode(text, options).ids;
  }

  GgufVocabulary made_;
};

TEST_F(ByteLevelVocabulary, MergesAndAddedTokens) {
  const Tokenizer tokenizer = gguf_tokenizer(with("gpt-2"), "x.gguf");
  const std::string text = "ban<|end|>an<user>";
  EXPECT_EQ(tokenizer.encode(text).ids, (Ids{ban, eos, an, user}));
  EXPECT_EQ(tokenizer.encode("<|end|><user>", {.parse_special = false}).ids, (Ids{'<', '|', 'e', 'n', 'd', '|', '>', user}));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text).ids), "banan<user>");
  EXPECT_TRUE(tokenizer.is_special(eos));
  EXPECT_FALSE(tokenizer.is_special(user));
  EXPECT_EQ(tokenizer.largest_id(), user);
}

TEST_F(ByteLevelVocabulary, MergesAreIgnoredWhereTheModelsOwnDo) {
  const Ids spelt = {'a', 'b', 'c', 'd', 'e'};
  for (const char* pre : {"", "default", "gpt-2", "smollm"}) EXPECT_EQ(ids(pre, "abcde"), spelt) << pre;
  for (const char* pre : {"llama-bpe", "llama3", "llama-v3", "tekken"}) EXPECT_EQ(ids(pre, "abcde"), (Ids{bos, abcde})) << pre;
}

// What tells the rules apart, with a merge across the place of the cut.
TEST_F(ByteLevelVocabulary, WordsAreCutByTheRule) {
  made_.tokens.insert(made_.tokens.end(), {"12", "123", "1234", "=a", "aB"});
  made_.token_type.insert(made_.token_type.end(), 5, 1);
  const std::int32_t n12 = count, n123 = count + 1, n1234 = count + 2, sign = count + 3, camel = count + 4;
  made_.merges.insert(made_.merges.end(), {"1 2", "12 3", "123 4", "= a", "a B"});
  made_.add_bos_token = false;
  EXPECT_EQ(ids("gpt-2", "1234 =aB"), (Ids{n1234, ' ', '=', camel}));
  EXPECT_EQ(ids("smollm", "1234 =aB"), (Ids{'1', '2', '3', '4', ' ', '=', camel}));
  EXPECT_EQ(ids("default", "1234 =aB"), (Ids{n123, '4', ' ', '=', camel}));
  EXPECT_EQ(ids("llama-bpe", "1234 =aB"), (Ids{n123, '4', ' ', '=', camel}));
  EXPECT_EQ(ids("llama-bpe", "12=aB"), (Ids{n12, sign, 'B'}));
  EXPECT_EQ(ids("gpt-2", "12=aB"), (Ids{n12, '=', camel}));
  EXPECT_EQ(ids("tekken", "12=aB"), (Ids{'1', '2', sign, 'B'}));
}

TEST_F(ByteLevelVocabulary, TheTemplateIsTheFilesOrTheRules) {
  EXPECT_EQ(ids("smollm", "an"), (Ids{an}));
  EXPECT_EQ(ids("llama-bpe", "an"), (Ids{bos, an}));
  EXPECT_EQ(ids("llama-bpe", "an", {.add_special_tokens = false}), (Ids{an}));
  made_.add_bos_token = false;
  made_.add_eos_token = true;
  EXPECT_EQ(ids("tekken", "an"), (Ids{an, eos}));
  made_.add_bos_token.reset();
  made_.add_eos_token = false;
  made_.bos_token_id.reset();
  EXPECT_EQ(ids("tekken", "an"), (Ids{an}));  // nobody asked for a token that is not there
  made_.add_bos_token = true;
  expect_refusal(with("tekken"), "add_bos_token: expected a tokenizer.ggml.bos_token_id with it, got none");
}

// The `tokenizers` library reads nothing from a part that lacks a field.
TEST_F(ByteLevelVocabulary, TheJsonHasEveryField) {
  const json object = gguf_tokenizer_json(with("gpt-2"), "x.gguf");
  for (const char* part : {"pre_tokenizer", "decoder"}) {
    for (const char* field : {"type", "add_prefix_space", "trim_offsets", "use_regex"})
      EXPECT_TRUE(object[part].contains(field)) << part << " " << field;
  }
  for (const json& token : object["added_tokens"]) EXPECT_EQ(token.size(), 7U) << token;
}

// Types are not always told, and converters have got them wrong; a padding id of 0 is no wish to find "!" in a text.
TEST_F(ByteLevelVocabulary, NamedTokensAreSpecialWhateverTheirType) {
  made_.token_type.clear();
  made_.padding_token_id = made_.unknown_token_id = '!';
  const Tokenizer tokenizer = gguf_tokenizer(with("gpt-2"), "x.gguf");
  EXPECT_EQ(tokenizer.encode("an<|end|>").ids, (Ids{an, eos}));
  EXPECT_TRUE(tokenizer.is_special(bos));
  EXPECT_FALSE(tokenizer.is_special('!'));
  const json config = gguf_tokenizer_config_json(with("gpt-2"), "x.gguf");
  EXPECT_FALSE(config.contains("pad_token") || config.contains("unk_token"));
}

TEST_F(ByteLevelVocabulary, TokensWithoutTextHaveLlamaCppsName) {
  made_.tokens[user] = "";
  EXPECT_EQ(gguf_tokenizer(with("gpt-2"), "x.gguf").id_to_token(user), "[EMPTY_261]");
}

TEST_F(ByteLevelVocabulary, TheConfigNamesSpecialTokens) {
  made_.padding_token_id = eos;
  made_.chat_template = "{{ messages }}";
  EXPECT_EQ(gguf_tokenizer_config_json(with("llama-bpe"), "x.gguf"), (json{{"tokenizer_class", "PreTrainedTokenizerFast"},
                                                                           {"add_bos_token", true},
                                                                           {"add_eos_token", false},
                                                                           {"clean_up_tokenization_spaces", false},
                                                                           {"bos_token", "<|begin|>"},
                                                                           {"eos_token", "<|end|>"},
                                                                           {"pad_token", "<|end|>"},
                                                                           {"chat_template", "{{ messages }}"}}));
}

TEST_F(ByteLevelVocabulary, OthersAreRefusedByName) {
  expect_refusal(with("qwen2"), "pre: \"qwen2\" is not built; expected one of default, gpt-2, llama-bpe, smollm, tekken");
  for (const char* model : {"", "bert", "t5", "rwkv"}) {
    made_.model = model;
    expect_refusal(with("gpt-2"), fmt::format("model: \"{}\" is not built; expected gpt2 (byte-level BPE) or llama", model));
  }
}

TEST_F(ByteLevelVocabulary, CountsThatDifferAreRefused) {
  const auto expect = [&](auto change, std::string_view error) {
    GgufVocabulary vocabulary = made_;
    change(vocabulary);
    expect_refusal(vocabulary, error);
  };
  expect([](GgufVocabulary& v) { v.tokens.clear(); }, "tokens: expected 1 to 4194304 tokens, got 0");
  expect([](GgufVocabulary& v) { v.token_type.pop_back(); }, "token_type: expected 262, one for each token, got 261");
  expect([](GgufVocabulary& v) { v.scores.resize(263); }, "scores: expected 262, one for each token, got 263");
  expect([](GgufVocabulary& v) { v.merges.clear(); }, "merges: expected those of a byte-level BPE, got none");
}

TEST_F(ByteLevelVocabulary, MalformedTokensAreRefused) {
  const auto expect = [&](auto change, std::string_view error) {
    GgufVocabulary vocabulary = made_;
    change(vocabulary);
    expect_refusal(vocabulary, error);
  };
  expect([](GgufVocabulary& v) { v.tokens[user] = "ban"; }, "tokens[261]: \"ban\" is token 257 already");
  expect([](GgufVocabulary& v) { v.tokens[user] = "a\xFF"; }, "tokens[261]: expected UTF-8, got \"a\uFFFD\"");
  expect([](GgufVocabulary& v) { v.tokens[user] = std::string(1025, 'u'); }, "tokens[261]: expected at most 1024 bytes, got 1025");
  expect([](GgufVocabulary& v) { v.token_type[7] = 0; }, "token_type[7]: expected 1 to 6, got 0");
  expect([](GgufVocabulary& v) { v.token_type[7] = 7; }, "token_type[7]: expected 1 to 6, got 7");
  expect([](GgufVocabulary& v) { v.bos_token_id = count; }, "bos_token_id: expected an id below 262, got 262");
  expect([](GgufVocabulary& v) { v.eos_token_id = -1; }, "eos_token_id: expected an id below 262, got -1");
  expect([](GgufVocabulary& v) { v.padding_token_id = std::int64_t{1} << 40; }, "padding_token_id: expected an id below 262");
}

TEST_F(ByteLevelVocabulary, MalformedMergesAreRefused) {
  for (const char* merge : {"an", "", "a n d", "b  an"}) {
    made_.merges[1] = merge;
    expect_refusal(made_, fmt::format("merges[1]: expected two tokens with a space between them, got \"{}\"", merge));
  }
  for (const char* merge : {"x an", "b", "b zz", " an", "an "}) {
    made_.merges[1] = merge;
    expect_refusal(made_, "merges[1]: expected two tokens");
  }
}

constexpr const char* mark = "\u2581";

// <unk>, <s>, </s>, the bytes' tokens 3..258 and a few pieces.
class SentencePieceVocabulary : public ::testing::Test {
 protected:
  SentencePieceVocabulary() {
    made_.model = "llama";
    add("<unk>", 0, 2);
    add("<s>", 0, 3);
    add("</s>", 0, 3);
    for (int byte = 0; byte < 256; ++byte) add(fmt::format("<0x{:02X}>", byte), 0, 6);
    for (const char* piece : {mark, "a", "b", "<", "/", "s", ">"}) add(piece, -100, 1);
    add("ab", -3, 1);
    add(std::string(mark) + "a", -2, 1);
    add("</", -1, 1);
    add("s>", -1, 1);
    add("<user>", -1000, 4);
  }
  void add(const std::string& token, float score, std::int32_t type) {
    made_.tokens.push_back(token);
    made_.scores.push_back(score);
    made_.token_type.push_back(type);
  }
  enum : std::int32_t { blank = 259, a, b, less, slash, s, more, ab, blank_a, less_slash, s_more, user };

  Tokenizer made() const { return gguf_tokenizer(made_, "x.gguf"); }

  GgufVocabulary made_;
};

TEST_F(SentencePieceVocabulary, TheHighestScoreIsJoinedFirst) {
  EXPECT_EQ(made().encode("ab").ids, (Ids{1, blank_a, b}));
  made_.scores[ab] = -1;
  EXPECT_EQ(made().encode("ab").ids, (Ids{1, blank, ab}));
  made_.scores[ab] = made_.scores[blank_a];  // the one learnt first
  EXPECT_EQ(made().encode("ab").ids, (Ids{1, blank, ab}));
}

TEST_F(SentencePieceVocabulary, UnknownCharactersAreBytes) {
  const Tokenizer tokenizer = made();
  const Ids ids = {1, blank_a, 3 + 0xC3, 3 + 0xA9, b};
  EXPECT_EQ(tokenizer.encode("aéb").ids, ids);
  EXPECT_EQ(tokenizer.decode(ids), "aéb");
}

TEST_F(SentencePieceVocabulary, ABlankFollowsSpecialTokens) {
  EXPECT_EQ(made().encode("a</s>a<user>b").ids, (Ids{1, blank_a, 2, blank_a, user, blank, b}));
  made_.add_space_prefix = false;
  made_.add_bos_token = false;
  made_.add_eos_token = true;
  EXPECT_EQ(made().encode("a</s>a a").ids, (Ids{a, 2, a, blank_a, 2}));
}

// "</" and "s>" are pieces and "</s>" scores best of all: llama.cpp joins them.
TEST_F(SentencePieceVocabulary, TextOfAUserNeverBecomesASpecialToken) {
  EXPECT_EQ(made().encode("a</s>", {.parse_special = false}).ids, (Ids{1, blank_a, less_slash, s_more}));
}

TEST_F(SentencePieceVocabulary, SpecialIdsMayBeOthers) {
  made_.bos_token_id = b;
  made_.unknown_token_id = 0;
  const Tokenizer tokenizer = made();
  EXPECT_EQ(tokenizer.encode("a").ids, (Ids{b, blank_a}));
  EXPECT_TRUE(tokenizer.is_special(0));
  const json config = gguf_tokenizer_config_json(made_, "x.gguf");
  EXPECT_EQ(config["bos_token"], "b");
  EXPECT_EQ(config["eos_token"], "</s>");
  EXPECT_EQ(config["unk_token"], "<unk>");
}

TEST_F(SentencePieceVocabulary, IsRefusedWhereItsScoresAreNone) {
  made_.scores[5] = std::numeric_limits<float>::quiet_NaN();
  expect_refusal(made_, "scores[5]: expected a finite score of \"<0x02>\", got nan");
  made_.scores.clear();
  expect_refusal(made_, "scores: expected 271, one for each token, got 0");
}

}  // namespace
}  // namespace omma
