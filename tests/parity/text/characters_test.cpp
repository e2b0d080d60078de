// Classes, case and normal forms of every assigned code point against the `tokenizers` library; malformed UTF-8 against Python.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "omma/base/base64.h"
#include "omma/base/json.h"
#include "omma/text/aligned_text.h"
#include "omma/text/charsmap.h"
#include "omma/text/pattern.h"
#include "omma/text/unicode.h"
#include "omma/text/utf8.h"
#include "tests/parity/text/reference.h"

namespace omma::testing {
namespace {

class Characters : public ::testing::Test {
 protected:
  // Calls visit(code) for every code point that the reference covers.
  void for_each_assigned(const std::function<void(char32_t)>& visit) const {
    int visited = 0;
    for (const json& range : reference_["assigned"]) {
      for (auto code = range[0].get<char32_t>(); code <= range[1].get<char32_t>(); ++code, ++visited) visit(code);
    }
    EXPECT_GT(visited, 100'000);
  }

  void expect_class(const char* name, const std::function<bool(char32_t)>& is_member) const {
    std::vector<bool> expected(0x110000);
    for (const json& range : reference_["classes"][name]) {
      for (auto code = range[0].get<char32_t>(); code <= range[1].get<char32_t>(); ++code) expected[code] = true;
    }
    int differences = 0;
    for_each_assigned([&](char32_t code) {
      if (is_member(code) == expected[code] || ++differences > 10) return;
      ADD_FAILURE() << name << std::hex << " of U+" << static_cast<std::uint32_t>(code) << ": expected " << expected[code];
    });
  }

  void expect_regex(const char* name, const char* expression) const {
    const Pattern pattern = Pattern::regex(expression, "test");
    expect_class(name, [&](char32_t code) {
      std::string text;
      append_utf8(text, code);
      return pattern.split(text).front().matches;
    });
  }

  void expect_form(const char* name, const std::function<void(AlignedText&)>& change) const {
    const json& expected = reference_["forms"][name];
    int differences = 0;
    for_each_assigned([&](char32_t code) {
      std::string text;
      append_utf8(text, code);
      AlignedText changed(text);
      change(changed);
      const auto found = expected.find(std::to_string(static_cast<std::uint32_t>(code)));
      const std::string wanted = found == expected.end() ? text : found->get<std::string>();
      if (changed.str() == wanted || ++differences > 10) return;
      ADD_FAILURE() << name << std::hex << " of U+" << static_cast<std::uint32_t>(code) << ": expected " << wanted << ", got "
                    << changed.str();
    });
  }

  json reference_ = read_json(tokenizer_references() / "characters.json");
};

// What SentencePiece's rules make of characters, and which ones share a grapheme cluster with a letter.
class Rules : public Characters {
 protected:
  Rules() { reference_ = read_json(tokenizer_references() / "charsmap.json"); }

  static bool share_cluster(char32_t first, char32_t second) {
    std::string text;
    append_utf8(text, first);
    append_utf8(text, second);
    return grapheme_end(text, 0) == text.size();
  }
};

TEST_F(Characters, Classes) {
  expect_class("control", [](char32_t code) { return code == 0 || code == kReplacementCharacter || is_control(code); });
  expect_class("nonspacing_mark", is_nonspacing_mark);
  expect_class("mark", is_mark);
  expect_class("cjk", is_cjk_ideograph);
  expect_class("punctuation", is_punctuation);
  expect_class("number", is_number);
  expect_class("white_space", is_white_space);
  expect_class("word", is_word_character);
}

TEST_F(Characters, RegexClasses) {
  expect_regex("regex_l", R"(\p{L})");
  expect_regex("regex_n", R"(\p{N})");
  expect_regex("regex_s", R"(\s)");
  expect_regex("regex_w", R"(\w)");
  expect_regex("regex_p", R"(\p{P})");
  expect_regex("regex_lu", R"(\p{Lu})");
}

TEST_F(Characters, Forms) {
  expect_form("lower", [](AlignedText& text) { text.to_lower(); });
  expect_form("nfc", [](AlignedText& text) { text.to_normal_form(NormalForm::nfc); });
  expect_form("nfd", [](AlignedText& text) { text.to_normal_form(NormalForm::nfd); });
  expect_form("nfkc", [](AlignedText& text) { text.to_normal_form(NormalForm::nfkc); });
  expect_form("nfkd", [](AlignedText& text) { text.to_normal_form(NormalForm::nfkd); });
}

TEST_F(Rules, Forms) {
  const Charsmap rules(from_base64(reference_["charsmap"].get<std::string>(), "charsmap"), "charsmap");
  expect_form("nmt_nfkc", [&](AlignedText& text) { rules.apply(text); });
}

TEST_F(Rules, Clusters) {
  expect_class("joins_left", [](char32_t code) { return code >= 0x80 && share_cluster('a', code); });
  expect_class("joins_right", [](char32_t code) { return code >= 0x80 && code < 0x3000 && share_cluster(code, 'a'); });
}

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

TEST(Malformed, IsReplacedAsPythonDoes) {
  const json cases = read_json(tokenizer_references() / "malformed.json");
  ASSERT_GT(cases.size(), 4000U);
  for (const json& one : cases) {
    const std::string bytes = from_hex(one["hex"].get<std::string>());
    const auto expected = one["text"].get<std::string>();
    EXPECT_EQ(to_valid_utf8(bytes), expected) << one["hex"];
    EXPECT_EQ(is_valid_utf8(bytes), bytes == expected) << one["hex"];
    EXPECT_EQ(AlignedText(bytes).str(), expected) << one["hex"];
  }
}

}  // namespace
}  // namespace omma::testing
