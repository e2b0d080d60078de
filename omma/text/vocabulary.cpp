#include "omma/text/vocabulary.h"

#include <cstddef>
#include <map>
#include <set>
#include <string_view>

#include "omma/base/error.h"
#include "omma/text/bert_tokenizer.h"
#include "omma/text/unicode.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

// BERT's ids (google-research/bert, uncased vocab.txt) that published code has as constants.
const std::map<std::size_t, std::string> kFixedIds = {{0, "[PAD]"},    {100, "[UNK]"}, {101, "[CLS]"}, {102, "[SEP]"},
                                                      {103, "[MASK]"}, {1012, "."},    {1029, "?"}};
constexpr std::size_t kFixedEnd = 1030;

// Characters that BERT would split off, drop or change never reach a word.
void check_word(std::string_view word) {
  check(!word.empty(), "vocabulary: expected words that are not empty");
  check(is_valid_utf8(word), "vocabulary: a word is not UTF-8");
  for (std::size_t i = 0; i < word.size();) {
    const DecodedCharacter character = decode_utf8(word, i);
    const bool is_plain =
        !is_white_space(character.code) && !is_control(character.code) && lower_case(character.code).first == character.code;
    check(is_plain, "vocabulary: expected lower-case words without white space, got \"{}\"", word);
    i += character.size;
  }
}

// Pieces that spell every ASCII word, then the words, in order and each once.
std::vector<std::string> tokens_of(const std::vector<std::string>& words) {
  std::vector<std::string> tokens;
  std::set<std::string> seen;
  for (const auto& [id, token] : kFixedIds) seen.insert(token);
  const auto add = [&](std::string token) {
    if (seen.insert(token).second) tokens.push_back(std::move(token));
  };
  for (char c = '!'; c <= '~'; ++c) {
    if (c < 'A' || c > 'Z') add(std::string(1, c));
  }
  for (char c = '0'; c <= '9'; ++c) add(std::string("##") + c);
  for (char c = 'a'; c <= 'z'; ++c) add(std::string("##") + c);
  for (const std::string& word : words) {
    check_word(word);
    add(word);
  }
  return tokens;
}

}  // namespace

json make_bert_tokenizer(const std::vector<std::string>& words) {
  const std::vector<std::string> tokens = tokens_of(words);
  json vocabulary = json::object();
  std::size_t unused = 0;
  std::size_t next = 0;  // of tokens
  for (std::size_t id = 0; id < kFixedEnd || next < tokens.size(); ++id) {
    if (const auto fixed = kFixedIds.find(id); fixed != kFixedIds.end()) {
      vocabulary[fixed->second] = id;
    } else if (id > 103 && next < tokens.size()) {  // ids up to [UNK] are unused in BERT as well
      vocabulary[tokens[next++]] = id;
    } else {
      vocabulary[fmt::format("[unused{}]", unused++)] = id;
    }
  }
  return bert_tokenizer(vocabulary, {}, "vocabulary");
}

}  // namespace omma
