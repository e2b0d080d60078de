#include "omma/data/world/wording.h"

#include <fmt/format.h>

#include <array>
#include <cctype>

namespace omma {

std::string phrase_of(const NamedThings& things) { return phrase_of(things.query()); }
std::string plural_phrase_of(const NamedThings& things) { return phrase_of(things.query(), true); }

std::string some_of(const NamedThings& things) {
  return things.count <= 1 ? with_article(phrase_of(things)) : number_word(things.count) + " " + plural_phrase_of(things);
}

std::string counted(const NamedThings& things) {
  return things.count == 1 ? "one " + phrase_of(things) : number_word(things.count) + " " + plural_phrase_of(things);
}

std::string the_one(const NamedThings& things) {
  return "the " + (things.count <= 1 ? phrase_of(things) : number_word(things.count) + " " + plural_phrase_of(things));
}

std::string joined(std::span<const std::string> parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string_view relation_words(Relation relation, Rng& rng) {
  const bool other = rng.below(2) == 0;
  switch (relation) {
    case Relation::left_of:
      return other ? "to the left of" : "left of";
    case Relation::right_of:
      return other ? "to the right of" : "right of";
    case Relation::above:
      return "above";
    case Relation::below:
      return other ? "under" : "below";
    case Relation::larger:
      return other ? "bigger than" : "larger than";
    case Relation::smaller:
      return "smaller than";
  }
  return "";
}

Relation opposite_of(Relation relation) {
  constexpr std::array opposites = {Relation::right_of, Relation::left_of, Relation::below,
                                    Relation::above,    Relation::smaller, Relation::larger};
  return opposites[static_cast<std::size_t>(relation)];
}

std::string worded(std::span<const std::string_view> templates, Fields fields, Rng& rng) {
  std::string text(rng.pick(templates));
  for (const auto& [name, value] : fields) {
    const std::string field = fmt::format("{{{}}}", name);
    for (std::size_t at = text.find(field); at != std::string::npos; at = text.find(field, at + value.size()))
      text.replace(at, field.size(), value);
  }
  return capitalised(std::move(text));
}

}  // namespace omma
