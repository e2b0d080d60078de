// Tokenizers of small models that speak of a small world: byte-level BPE without merges, in which the world's words are tokens of
// their own and all else is spelled in bytes.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"

namespace omma {

// Counts the words of an ASCII text as the tokenizer cuts it: words, digits, runs of other characters, each with the blank before
// it; other white space alone.
void count_words(std::string_view text, std::map<std::string, int>& words);

// Those that were counted at least so often: what is hardly ever seen is not learned, and stays spelled.
std::vector<std::string> frequent_words(const std::map<std::string, int>& words, int least_uses);

// A tokenizer.json: `special` tokens from id 0 on, then the 256 bytes, then the words.
json word_tokenizer(std::span<const std::string> special, std::span<const std::string> words);

}  // namespace omma
