// What a mistyped name was to be.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace omma {

// "; did you mean detect?" with the name that takes the fewest letters changed, added, left out or swapped with their neighbour; ""
// where all of them are far off: more than a third of the letters. Case counts for nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> names);

}  // namespace omma
