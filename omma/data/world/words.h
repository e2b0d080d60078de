// The words of the picture-book world: 32 names, 6 colours, and how English writes them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace omma {

inline constexpr int world_name_count = 32;
inline constexpr int world_color_count = 6;

// In place of a name: an emblem (emblem.h), of which no text speaks.
inline constexpr int world_emblem = world_name_count;

// What data sets call an emblem's whole, its part and its sub-part, which is a dot or a stripe: categories after the names.
inline constexpr std::array<std::string_view, 3> emblem_categories = {"emblem", "inner shape", "mark"};

struct Noun {
  std::string_view singular;
  std::string_view plural;
};

// By name index, in the order of the glyph atlas.
const Noun& world_noun(int name);

// "red", "yellow", "green", "blue", "purple", "gray".
std::string_view world_color(int color);

// The name whose singular or plural is `word`.
std::optional<int> find_world_name(std::string_view word);
std::optional<int> find_world_color(std::string_view word);

// "apple" gives "an apple", "red apple" gives "a red apple".
std::string with_article(std::string_view phrase);

// 0 to 10 as a word ("three"), larger numbers in digits.
std::string number_word(int number);

}  // namespace omma
