#include "omma/data/world/words.h"

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr std::array<Noun, world_name_count> nouns = {{
    {"car", "cars"},      {"bus", "buses"},        {"bicycle", "bicycles"}, {"train", "trains"},   {"airplane", "airplanes"},
    {"boat", "boats"},    {"dog", "dogs"},         {"cat", "cats"},         {"horse", "horses"},   {"cow", "cows"},
    {"bird", "birds"},    {"fish", "fish"},        {"tree", "trees"},       {"flower", "flowers"}, {"mushroom", "mushrooms"},
    {"plant", "plants"},  {"apple", "apples"},     {"banana", "bananas"},   {"star", "stars"},     {"house", "houses"},
    {"person", "people"}, {"cup", "cups"},         {"chair", "chairs"},     {"clock", "clocks"},   {"umbrella", "umbrellas"},
    {"ball", "balls"},    {"book", "books"},       {"key", "keys"},         {"shoe", "shoes"},     {"hat", "hats"},
    {"lamp", "lamps"},    {"balloon", "balloons"},
}};
constexpr std::array<std::string_view, world_color_count> colors = {"red", "yellow", "green", "blue", "purple", "gray"};
constexpr std::array<std::string_view, 11> numbers = {"zero", "one",   "two",   "three", "four", "five",
                                                      "six",  "seven", "eight", "nine",  "ten"};

}  // namespace

const Noun& world_noun(int name) {
  check(name >= 0 && name < world_name_count, "world name: expected 0 to {}, got {}", world_name_count - 1, name);
  return nouns[static_cast<std::size_t>(name)];
}

std::string_view world_color(int color) {
  check(color >= 0 && color < world_color_count, "world color: expected 0 to {}, got {}", world_color_count - 1, color);
  return colors[static_cast<std::size_t>(color)];
}

std::optional<int> find_world_name(std::string_view word) {
  for (int name = 0; name < world_name_count; ++name)
    if (world_noun(name).singular == word || world_noun(name).plural == word) return name;
  return std::nullopt;
}

std::optional<int> find_world_color(std::string_view word) {
  for (int color = 0; color < world_color_count; ++color)
    if (world_color(color) == word) return color;
  return std::nullopt;
}

std::string with_article(std::string_view phrase) {
  // The world's words that begin with a vowel letter also begin with a vowel sound.
  const bool vowel = !phrase.empty() && std::string_view("aeiou").find(phrase.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(phrase);
}

std::string number_word(int number) {
  if (number < 0 || number >= static_cast<int>(numbers.size())) return std::to_string(number);
  return std::string(numbers[static_cast<std::size_t>(number)]);
}

}  // namespace omma
