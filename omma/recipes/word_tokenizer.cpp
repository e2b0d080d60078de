#include "omma/recipes/word_tokenizer.h"

#include <array>
#include <cctype>

#include "omma/text/added_tokens.h"
#include "omma/text/utf8.h"

namespace omma {
namespace {

constexpr const char* pattern = R"( ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s)";

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

std::vector<std::string> frequent_words(const std::map<std::string, int>& words, int least_uses) {
  std::vector<std::string> frequent;
  for (const auto& [word, uses] : words)
    if (uses >= least_uses) frequent.push_back(word);
  return frequent;
}

json word_tokenizer(std::span<const std::string> special, std::span<const std::string> words) {
  const std::array<std::string, 256> characters = byte_characters();
  json vocabulary = json::object(), added = json::array();
  int id = 0;
  for (const std::string& token : special) {
    added.push_back(added_token(token, id));
    vocabulary[token] = id++;
  }
  for (const std::string& character : characters) vocabulary[character] = id++;
  for (const std::string& word : words) {
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
      {"added_tokens", added},
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
