// What an answer in free words says: numbers, yes and no, colours, places.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// Numbers in their order, in digits ("3", "2.5") or words up to twenty; "no", "none" and "nothing" are 0.
std::vector<double> numbers_in(std::string_view text);

// The number that answers "how many": the first in digits, else the first in words that is not a mere "no", else 0 where there is
// one: "No cats but three dogs" says 3.
std::optional<double> first_count(std::string_view text);

// The first number in digits, with its decimals: "12.5" of "It is 12.5 %."
std::optional<double> first_decimal(std::string_view text);

// Yes and no in their order, in any of the ways that people say them.
std::vector<bool> truths_in(std::string_view text);

// What an answer to a question of yes or no says: by its first word where that tells, else no where it denies anything ("There is
// no dog"), yes where it states something ("There are two"). Nothing where it is empty or says that it does not know.
std::optional<bool> truth_of(std::string_view text);

// Colours in their order; "grey" is gray.
std::vector<std::string> colors_in(std::string_view text);

// Which of top, bottom, left, right the text says, and center where it is none of them: "upper left corner" is top and left.
std::set<std::string> places_in(std::string_view text);

// Whether the text says that it cannot, does not know, or only answers other things.
bool is_refusal(std::string_view text);

}  // namespace omma
