// How the oracle puts what it knows into words. Not part of the interface.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/rng.h"
#include "omma/data/world/language.h"

namespace omma {

// Things of one name and, where it is known, colour.
struct NamedThings {
  int name = 0;
  int color = -1;  // -1: not known
  int count = 1;   // 0: at least one

  ObjectQuery query() const { return {.name = name, .color = color < 0 ? std::nullopt : std::optional<int>(color), .size = ""}; }
  bool operator==(const NamedThings&) const = default;
};

std::string phrase_of(const NamedThings& things);         // "red dog"
std::string plural_phrase_of(const NamedThings& things);  // "red dogs"
std::string some_of(const NamedThings& things);           // "a red dog", "two red dogs"
std::string counted(const NamedThings& things);           // "one red dog", "two red dogs"
std::string the_one(const NamedThings& things);           // "the red dog", "the two red dogs"

std::string joined(std::span<const std::string> parts);  // "a, b and c"
std::string capitalised(std::string text);

// The words of a relation in space or size; one of several.
std::string_view relation_words(Relation relation, Rng& rng);
Relation opposite_of(Relation relation);

// One of the templates with each "{field}" replaced; what a field puts at the sentence's beginning gets a capital.
using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;
std::string worded(std::span<const std::string_view> templates, Fields fields, Rng& rng);

}  // namespace omma
