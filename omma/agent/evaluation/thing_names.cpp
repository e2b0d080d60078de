#include "omma/agent/evaluation/thing_names.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "omma/agent/ascii.h"
#include "omma/base/error.h"
#include "omma/text/plural.h"

namespace omma {

namespace {

constexpr std::array<std::string_view, 8> determiners = {"a", "an", "the", "some", "any", "all", "every", "each"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_character(char c) { return is_ascii_alphanumeric(c) || static_cast<unsigned char>(c) > 127; }

// Of "2.5" and "14:12".
bool joins_digits(std::string_view text, std::size_t at) {
  return (text[at] == '.' || text[at] == ':') && at > 0 && at + 1 < text.size() && is_digit(text[at - 1]) && is_digit(text[at + 1]);
}

std::string joined(const std::vector<std::string>& words, std::size_t begin, std::size_t count) {
  const auto first = words.begin() + static_cast<std::ptrdiff_t>(begin);
  return fmt::format("{}", fmt::join(first, first + static_cast<std::ptrdiff_t>(count), " "));
}

std::string plain_text(std::string_view text) {
  const std::vector<std::string> words = plain_words(text);
  return joined(words, 0, words.size());
}

}  // namespace

std::vector<std::string> plain_words(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool belongs = is_word_character(text[at]) || joins_digits(text, at);
    if (belongs && !inside) words.emplace_back();
    if (belongs) words.back() += ascii_lower(text[at]);
    inside = belongs;
  }
  std::ranges::replace(words, "grey", "gray");
  return words;
}

void ThingNames::add(const std::string& name, const std::vector<std::string>& synonyms) {
  const std::string plain_name = plain_text(name);
  add_form(name, plain_name);
  for (const std::string& synonym : synonyms) add_form(synonym, plain_name);
}

void ThingNames::add_form(const std::string& form, const std::string& name) {
  for (const std::string& one : {plain_text(form), plain_text(plural_of(form)), plain_text(form + "s"), plain_text(form + "es")}) {
    const std::size_t words = plain_words(one).size();
    check(words > 0 && !plain_words(form).empty(), "name: expected words, got \"{}\"", form);
    const auto [known, is_new] = name_of_form_.try_emplace(one, name);
    check(is_new || known->second == name, "name: \"{}\" means \"{}\" already, got \"{}\"", one, known->second, name);
    longest_ = std::max(longest_, words);
  }
}

const std::string* ThingNames::find(const std::vector<std::string>& words, std::size_t begin, std::size_t count) const {
  const auto known = name_of_form_.find(joined(words, begin, count));
  return known == name_of_form_.end() ? nullptr : &known->second;
}

std::string ThingNames::plain(std::string_view phrase) const {
  std::vector<std::string> words = plain_words(phrase);
  while (words.size() > 1 && std::ranges::find(determiners, words.front()) != determiners.end()) words.erase(words.begin());
  for (std::size_t count = std::min(longest_, words.size()); count > 0; --count) {
    const std::size_t before = words.size() - count;
    if (const std::string* name = find(words, before, count)) return before == 0 ? *name : joined(words, 0, before) + " " + *name;
  }
  return joined(words, 0, words.size());
}

std::vector<std::string> ThingNames::said_in(std::string_view text) const {
  const std::vector<std::string> words = plain_words(text);
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < words.size();) {
    std::size_t count = std::min(longest_, words.size() - begin);
    const std::string* name = nullptr;
    while (count > 0 && (name = find(words, begin, count)) == nullptr) --count;
    if (name != nullptr) names.push_back(*name);
    begin += std::max<std::size_t>(1, count);
  }
  return names;
}

}  // namespace omma
