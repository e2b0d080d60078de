#include "omma/eval/named_objects.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "omma/data/world/words.h"
#include "omma/eval/caption_tokens.h"

namespace omma {
namespace {

// Of "a", "two" and "12"; more than 99 is no number that a caption means.
std::optional<int> find_number(const std::string& word) {
  if (word == "a" || word == "an" || word == "the") return 1;
  for (int number = 0; number <= 10; ++number)
    if (number_word(number) == word) return number;
  const bool digits = word.size() <= 2 && std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
  return digits ? std::optional(std::stoi(word)) : std::nullopt;
}

bool is_plural(int name, std::string_view word) { return world_noun(name).plural == word && world_noun(name).singular != word; }

// What stands before a name.
struct Phrase {
  std::optional<int> number;
  int color = -1;
};

}  // namespace

ObjectCounts named_objects(std::string_view caption) {
  ObjectCounts counts;
  Phrase phrase;
  for (const std::string& word : caption_tokens(caption)) {
    if (const auto name = find_world_name(word)) {
      const int number = phrase.number.value_or(is_plural(*name, word) ? 2 : 1);
      if (number > 0) counts[{*name, phrase.color}] += number;
      phrase = {};
    } else if (const auto number = find_number(word)) {
      phrase = {.number = number, .color = -1};
    } else if (const auto color = find_world_color(word)) {
      phrase.color = *color;
    } else if (word != "small" && word != "large") {
      phrase = {};
    }
  }
  return counts;
}

ObjectCounts count_objects(std::span<const ColorName> objects) {
  ObjectCounts counts;
  for (const ColorName& object : objects) ++counts[{object.name, object.color}];
  return counts;
}

}  // namespace omma
