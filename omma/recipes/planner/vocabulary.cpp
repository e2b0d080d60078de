#include "omma/recipes/planner/vocabulary.h"

#include <array>
#include <cctype>
#include <map>
#include <string>
#include <vector>

#include "omma/recipes/planner/trace.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::uint64_t vocabulary_seed = 20260;
constexpr std::uint64_t vocabulary_traces = 12000;
constexpr int least_uses = 8;  // in these traces: rarer words stay spelled, since a token that is hardly ever seen is not learned

// Words, digits, runs of other characters, each with the blank before it; other white space alone.
constexpr const char* pattern = R"( ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s)";

// The pattern above on ASCII text, which known-word traces are.
void count_words(std::string_view text, std::map<std::string, int>& words) {
  const auto kind = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalpha(byte) != 0 ? 'a' : std::isdigit(byte) != 0 ? '0' : std::isspace(byte) != 0 ? ' ' : '.';
  };
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    if (text[end] == ' ' && end + 1 < text.size() && kind(text[end + 1]) != ' ') ++end;
    const char first = kind(text[end++]);
    while (first != ' ' && first != '0' && end < text.size() && kind(text[end]) == first) ++end;
    ++words[std::string(text.substr(begin, end - begin))];
    begin = end;
  }
}

std::vector<std::string> known_words() {
  std::map<std::string, int> uses;
  for (std::uint64_t i = 0; i < vocabulary_traces; ++i) {
    const PlannerTrace trace = make_planner_trace(vocabulary_seed, i, true);
    // What is not about pictures stays spelled, as are all the sentences of which no trace tells.
    const bool spelled = trace.skill == PlannerSkill::off_topic;
    count_words(std::string_view(trace.text).substr(spelled ? trace.learned.front().first : 0), uses);
  }
  std::vector<std::string> words;
  for (const auto& [word, count] : uses)
    if (count >= least_uses) words.push_back(word);
  return words;
}

// GPT-2's printable stand-in for each byte: printable ones stand for themselves, others are counted up from U+0100.
std::array<std::string, 256> byte_characters() {
  std::array<std::string, 256> characters;
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    append_utf8(characters[byte], printable ? byte : next++);
  }
  return characters;
}

}  // namespace

json planner_tokenizer() {
  const std::array<std::string, 256> characters = byte_characters();
  json vocabulary = {{"<|end|>", planner_end_token}};
  int id = planner_end_token + 1;
  for (const std::string& character : characters) vocabulary[character] = id++;
  for (const std::string& word : known_words()) {
    std::string written;
    for (const char c : word) written += characters[static_cast<unsigned char>(c)];
    if (!vocabulary.contains(written)) vocabulary[written] = id++;
  }
  const json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}};
  const json split = {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens",
       {{{"id", planner_end_token},
         {"content", "<|end|>"},
         {"single_word", false},
         {"lstrip", false},
         {"rstrip", false},
         {"normalized", false},
         {"special", true}}}},
      {"normalizer", nullptr},
      {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", {split, byte_level}}}},
      {"post_processor", nullptr},
      {"decoder", byte_level},
      {"model",
       {{"type", "BPE"},
        {"dropout", nullptr},
        {"unk_token", nullptr},
        {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr},
        {"fuse_unk", false},
        {"byte_fallback", false},
        {"ignore_merges", true},
        {"vocab", vocabulary},
        {"merges", json::array()}}},
  };
}

}  // namespace omma
