// Ids, offsets and decoded text against the `tokenizers` library, for every tokenizer that tools/parity/tokenizer.py and
// blip2_tokenizers.py built.
#include "omma/text/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "omma/text/text_stream.h"
#include "omma/text/utf8.h"
#include "tests/parity/text/reference.h"

namespace omma::testing {
namespace {

using Offsets = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// The reference counts characters, omma bytes.
Offsets to_bytes(const json& characters, const std::string& text) {
  std::vector<std::uint32_t> begin;
  for (std::size_t i = 0; i < text.size(); i += decode_utf8(text, i).size) begin.push_back(static_cast<std::uint32_t>(i));
  begin.push_back(static_cast<std::uint32_t>(text.size()));
  Offsets offsets;
  for (const json& span : characters)
    offsets.emplace_back(begin.at(span[0].get<std::size_t>()), begin.at(span[1].get<std::size_t>()));
  return offsets;
}

std::string head_of(const std::string& text) { return dump_json(text.substr(0, 200)); }

void expect_case(const Tokenizer& tokenizer, const json& expected) {
  const auto text = expected["text"].get<std::string>();
  const Encoding encoding = tokenizer.encode(text, {.add_special_tokens = expected["special"].get<bool>()});
  ASSERT_EQ(encoding.ids, expected["ids"].get<std::vector<std::int32_t>>()) << head_of(text);
  EXPECT_EQ(encoding.offsets, to_bytes(expected["offsets"], text)) << head_of(text);
  EXPECT_EQ(encoding.type_ids, expected["type_ids"].get<std::vector<std::int32_t>>()) << head_of(text);
  EXPECT_EQ(encoding.from_template, expected["template"].get<std::vector<std::uint8_t>>()) << head_of(text);
  EXPECT_EQ(tokenizer.decode(encoding.ids), expected["decoded"].get<std::string>()) << head_of(text);
  EXPECT_EQ(tokenizer.decode(encoding.ids, false), expected["decoded_all"].get<std::string>()) << head_of(text);
}

// A stream's pieces are whole characters and join to the decoded text.
void expect_stream(const Tokenizer& tokenizer, const json& expected) {
  TextStream stream(tokenizer);
  std::string joined;
  for (const json& id : expected["ids"]) {
    const std::string piece = stream.push(id.get<std::int32_t>());
    ASSERT_TRUE(is_valid_utf8(piece));
    joined += piece;
  }
  joined += stream.finish();
  EXPECT_EQ(joined, expected["decoded"].get<std::string>()) << head_of(expected["text"].get<std::string>());
}

class TokenizerParity : public ::testing::TestWithParam<std::string> {};

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kStride = 5;  // ordinary builds read every text; here they cost ten times as much
#else
constexpr std::size_t kStride = 1;
#endif

TEST_P(TokenizerParity, EqualsTheLibrary) {
  const std::filesystem::path directory = tokenizer_references() / GetParam();
  const Tokenizer tokenizer = Tokenizer::from_directory(directory);
  const json expected = read_json(directory / "expected.json");
  ASSERT_GT(expected["cases"].size(), 1000U);
  const json& cases = expected["cases"];
  for (std::size_t i = 0; i < cases.size(); i += kStride) {
    expect_case(tokenizer, cases[i]);
    if (cases[i]["text"].get_ref<const std::string&>().size() < 500) expect_stream(tokenizer, cases[i]);
    if (HasFatalFailure()) return;
  }
  for (const json& one : expected["plain"]) {
    const auto text = one["text"].get<std::string>();
    EXPECT_EQ(tokenizer.encode(text, {.parse_special = false}).ids, one["ids"].get<std::vector<std::int32_t>>()) << head_of(text);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerParity,
                         ::testing::Values("bert_uncased", "bert_cased", "bert_accents", "bert_raw", "bert_extras", "gpt2",
                                           "roberta", "llama3", "qwen", "llama2", "metaspace", "unknown_fused", "unknown_single",
                                           "prefix_suffix", "whitespace", "whitespace_split", "digits", "split_removed",
                                           "split_isolated", "split_merged_with_previous", "split_merged_with_next",
                                           "split_contiguous", "split_invert_removed", "split_invert_isolated",
                                           "split_invert_merged_with_previous", "split_invert_merged_with_next",
                                           "split_invert_contiguous", "split_empty_matches", "vocab_txt_cased", "vocab_txt_uncased",
                                           "t5", "flan_t5", "unigram_first_bytes", "unigram_never_some_bytes", "unigram_odd_rules",
                                           "unigram_trained", "unigram_ties", "unigram_positive", "t5_spiece", "t5_spiece_few",
                                           "opt", "opt_files", "opt_files_old", "gpt2_files"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace omma::testing
