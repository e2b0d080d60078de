#include "omma/agent/evaluation/said_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <utility>

#include "omma/agent/evaluation/thing_names.h"

namespace omma {

namespace {

using Words = std::vector<std::string>;

constexpr auto number_words = std::to_array<std::string_view>(
    {"zero",   "one",    "two",      "three",    "four",    "five",    "six",       "seven",    "eight",    "nine",  "ten",
     "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"});
constexpr auto nothings = std::to_array<std::string_view>({"no", "none", "nothing", "nobody"});
constexpr auto yes_words = std::to_array<std::string_view>(
    {"yes", "yep", "yeah", "yup", "yea", "true", "correct", "sure", "indeed", "certainly", "absolutely", "definitely"});
constexpr auto no_words = std::to_array<std::string_view>(
    {"no", "nope", "nah", "false", "incorrect", "wrong", "none", "not", "never", "nothing", "nobody"});
constexpr auto denials = std::to_array<std::string_view>({"no", "not", "none", "nothing", "nobody", "never", "neither"});
constexpr auto color_words = std::to_array<std::string_view>(
    {"red", "yellow", "green", "blue", "purple", "gray", "orange", "black", "white", "brown", "pink", "violet", "silver"});
constexpr auto place_words = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"top", "top"}, {"upper", "top"}, {"bottom", "bottom"}, {"lower", "bottom"}, {"left", "left"}, {"right", "right"}});
constexpr auto refusals = std::to_array<std::string_view>(
    {"cannot", "can t", "can only", "unable", "not able", "do not know", "don t know", "sorry", "not about the picture"});

bool is_in(std::span<const std::string_view> list, std::string_view word) { return std::ranges::find(list, word) != list.end(); }

// In digits, all of the word.
std::optional<double> decimal(std::string_view word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() && word[0] >= '0' && word[0] <= '9' ? std::optional(value)
                                                                                                      : std::nullopt;
}

std::optional<double> number_of(std::string_view word) {
  if (const auto value = decimal(word)) return value;
  const auto known = std::ranges::find(number_words, word);
  return known == number_words.end() ? std::nullopt : std::optional(static_cast<double>(known - number_words.begin()));
}

// "isn't" is the words "isn" and "t".
bool denies(const Words& words, std::size_t at) {
  return is_in(denials, words[at]) || (words[at] == "t" && at > 0 && words[at - 1].ends_with('n') && words[at - 1] != "can");
}

std::string joined(const Words& words) {
  std::string text = " ";
  for (const std::string& word : words) text += word + " ";
  return text;
}

}  // namespace

std::vector<double> numbers_in(std::string_view text) {
  std::vector<double> numbers;
  for (const std::string& word : plain_words(text)) {
    if (const auto number = number_of(word)) numbers.push_back(*number);
    if (is_in(nothings, word)) numbers.push_back(0);
  }
  return numbers;
}

std::optional<double> first_decimal(std::string_view text) {
  for (const std::string& word : plain_words(text))
    if (const auto value = decimal(word)) return value;
  return std::nullopt;
}

std::optional<double> first_count(std::string_view text) {
  if (const auto value = first_decimal(text)) return value;
  const Words words = plain_words(text);
  for (const std::string& word : words)
    if (const auto number = number_of(word)) return number;
  const bool none = std::ranges::any_of(words, [](const std::string& word) { return is_in(nothings, word); });
  return none ? std::optional(0.0) : std::nullopt;
}

std::vector<bool> truths_in(std::string_view text) {
  std::vector<bool> truths;
  for (const std::string& word : plain_words(text)) {
    if (is_in(yes_words, word)) truths.push_back(true);
    if (is_in(no_words, word) && word != "not") truths.push_back(false);
  }
  return truths;
}

std::optional<bool> truth_of(std::string_view text) {
  const Words words = plain_words(text);
  if (words.empty()) return std::nullopt;
  if (is_in(yes_words, words.front())) return true;
  if (is_in(no_words, words.front())) return false;
  if (is_refusal(text)) return std::nullopt;
  for (std::size_t at = 0; at < words.size(); ++at)
    if (denies(words, at)) return false;
  constexpr auto statements = std::to_array<std::string_view>({"there", "it", "they", "i", "the", "a", "an", "that", "one", "all"});
  return is_in(statements, words.front()) ? std::optional(true) : std::nullopt;
}

std::vector<std::string> colors_in(std::string_view text) {
  Words colors = plain_words(text);
  std::erase_if(colors, [](const std::string& word) { return !is_in(color_words, word); });
  return colors;
}

std::set<std::string> places_in(std::string_view text) {
  std::set<std::string> places;
  const Words words = plain_words(text);
  for (const std::string& word : words)
    for (const auto& [said, place] : place_words)
      if (word == said) places.emplace(place);
  const auto is_center = [](const std::string& word) { return word == "center" || word == "centre" || word == "middle"; };
  if (places.empty() && std::ranges::any_of(words, is_center)) places.emplace("center");
  return places;
}

bool is_refusal(std::string_view text) {
  const std::string said = joined(plain_words(text));
  return std::ranges::any_of(
      refusals, [&](std::string_view words) { return said.find(" " + std::string(words) + " ") != std::string::npos; });
}

}  // namespace omma
