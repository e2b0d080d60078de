#include "omma/data/lexicon.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>

#include "omma/base/error.h"
#include "omma/data/world/words.h"

namespace omma {
namespace {

constexpr std::array<std::array<std::string_view, 2>, 9> irregular_plurals = {{{"person", "people"},
                                                                               {"sheep", "sheep"},
                                                                               {"fish", "fish"},
                                                                               {"mouse", "mice"},
                                                                               {"knife", "knives"},
                                                                               {"man", "men"},
                                                                               {"woman", "women"},
                                                                               {"child", "children"},
                                                                               {"skis", "skis"}}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::vector<std::string> lower_case(std::span<const std::string> names) {
  std::vector<std::string> lower;
  for (const std::string& name : names) lower.push_back(lower_case(name));
  return lower;
}

std::vector<std::string> plurals_of(std::span<const std::string> names) {
  std::vector<std::string> plurals;
  for (const std::string& name : names) plurals.push_back(plural_of(lower_case(name)));
  return plurals;
}

std::vector<int> range(int begin, int end) {
  std::vector<int> numbers(static_cast<std::size_t>(end - begin));
  std::iota(numbers.begin(), numbers.end(), begin);
  return numbers;
}

}  // namespace

std::string plural_of(std::string_view phrase) {
  const std::size_t blank = phrase.rfind(' ');
  const std::string_view before = blank == std::string_view::npos ? "" : phrase.substr(0, blank + 1);
  const std::string_view word = phrase.substr(before.size());
  const auto irregular = std::ranges::find(irregular_plurals, word, [](const auto& pair) { return pair[0]; });
  if (irregular != irregular_plurals.end()) return std::string(before) + std::string((*irregular)[1]);
  const auto ends = [&](std::string_view ending) { return word.ends_with(ending); };
  const bool y = word.size() > 1 && ends("y") && std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos;
  if (y) return std::string(phrase.substr(0, phrase.size() - 1)) + "ies";
  return std::string(phrase) + (ends("s") || ends("x") || ends("ch") || ends("sh") ? "es" : "s");
}

Lexicon::Lexicon(std::span<const std::string> names) : Lexicon(lower_case(names), plurals_of(names)) {}

Lexicon::Lexicon(std::vector<std::string> names, std::vector<std::string> plurals)
    : names_(std::move(names)), plurals_(std::move(plurals)) {
  add_group("object", "objects", range(0, size()));
  add_group("thing", "things", range(0, size()));
  add_group("item", "items", range(0, size()));
  for (int i = 0; i < size(); ++i) {
    check(name(i).find_first_not_of(' ') != std::string::npos, "lexicon: name {} is blank", i);
    const bool same = name(i) == plural(i);
    if (!same) add(plural(i), {.names = {i}, .plural = true, .singular = false});
    add(name(i), {.names = {i}, .plural = same, .singular = true});
  }
}

const Lexicon& Lexicon::world() {
  static const Lexicon lexicon = [] {
    std::vector<std::string> names, plurals;
    for (int name = 0; name < world_name_count; ++name) {
      names.emplace_back(world_noun(name).singular);
      plurals.emplace_back(world_noun(name).plural);
    }
    Lexicon world(std::move(names), std::move(plurals));
    world.add_group("vehicle", "vehicles", range(*find_world_name("car"), *find_world_name("boat") + 1));
    world.add_group("animal", "animals", range(*find_world_name("dog"), *find_world_name("fish") + 1));
    return world;
  }();
  return lexicon;
}

void Lexicon::add(const std::string& phrase, LexiconEntry entry) {
  longest_ = std::max(longest_, static_cast<std::size_t>(std::ranges::count(phrase, ' ')) + 1);
  entries_[phrase] = std::move(entry);
}

void Lexicon::add_group(const std::string& singular, const std::string& plural, std::vector<int> names) {
  add(singular, {.names = names, .group = true, .plural = false, .singular = true});
  add(plural, {.names = std::move(names), .group = true, .plural = true, .singular = false});
}

const LexiconEntry* Lexicon::find(std::span<const std::string> words, std::size_t& length) const {
  const LexiconEntry* found = nullptr;
  std::string phrase;
  for (std::size_t i = 0; i < std::min(words.size(), longest_); ++i) {
    phrase += (i == 0 ? "" : " ") + words[i];
    if (const auto entry = entries_.find(phrase); entry != entries_.end()) {
      found = &entry->second;
      length = i + 1;
    }
  }
  return found;
}

std::optional<int> Lexicon::find_name(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second.group) return std::nullopt;
  return found->second.names.front();
}

}  // namespace omma
