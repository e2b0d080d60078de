#include "omma/text/plural.h"

#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace omma {
namespace {

// Endings, so that "jellyfish" is one, too.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> irregular_endings = {
    {{"person", "people"}, {"fish", "fish"}, {"sheep", "sheep"}, {"child", "children"}, {"mouse", "mice"}, {"nucleus", "nuclei"}}};

bool is_consonant(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 && std::string_view("aeiou").find(c) == std::string_view::npos;
}

}  // namespace

std::string plural_of(const std::string& singular) {
  const auto ends = [&](std::string_view end) { return singular.ends_with(end); };
  for (const auto& [one, many] : irregular_endings)
    if (ends(one)) return singular.substr(0, singular.size() - one.size()).append(many);
  if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) return singular + "es";
  if (singular.size() > 1 && ends("y") && is_consonant(singular[singular.size() - 2]))
    return singular.substr(0, singular.size() - 1) + "ies";
  return singular + "s";
}

}  // namespace omma
