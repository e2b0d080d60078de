// A full description from the boxes.
#include <algorithm>
#include <array>

#include "omma/base/error.h"
#include "omma/data/world/boxed_things.h"
#include "omma/data/world/oracle.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, 10> openings = {"The picture shows {n}.",         "There {is} {n} in this picture.",
                                                       "This image contains {n}.",       "I can see {n} in the picture.",
                                                       "In all there {is} {n} here.",    "The scene is made of {n}.",
                                                       "{n} {is} drawn on pale ground.", "Here we see {n}.",
                                                       "This is a picture with {n}.",    "The image shows {n} on a pale ground."};
constexpr std::array<std::string_view, 12> sightings = {
    "{a} is {place}.",           "{place} there is {a}.",    "{a} can be seen {place}.", "{a} stands {place}.",
    "{place}, {a} can be seen.", "You can see {a} {place}.", "I see {a} {place}.",       "{place} sits {a}.",
    "You can find {a} {place}.", "{a} is placed {place}.",   "There is {a} {place}.",    "{a} has its place {place}."};
constexpr std::array<std::string_view, 10> comparisons = {"The {s} is {where} the {r}.",
                                                          "The {s} is clearly {where} the {r}.",
                                                          "You can see the {s} {where} the {r}.",
                                                          "Here the {s} is {where} the {r}.",
                                                          "It can be seen that the {s} is {where} the {r}.",
                                                          "As drawn, the {s} is {where} the {r}.",
                                                          "The {s} appears {where} the {r}.",
                                                          "Looking closer, the {s} is {where} the {r}.",
                                                          "Note that the {s} is {where} the {r}.",
                                                          "Also, the {s} is {where} the {r}."};
constexpr std::array all_relations = {Relation::left_of, Relation::right_of, Relation::above,
                                      Relation::below,   Relation::larger,   Relation::smaller};

// Up to `most` sentences on how two things stand to each other that nobody could take for others.
std::vector<std::string> compare(const BoxedThings& boxed, int most, Rng& rng) {
  std::vector<std::string> sentences;
  for (int attempt = 0; attempt < 12 && boxed.size() > 1 && std::ssize(sentences) < most; ++attempt) {
    const auto size = static_cast<std::uint32_t>(boxed.size());
    const int first = static_cast<int>(rng.below(size)), second = static_cast<int>(rng.below(size));
    const Relation relation = rng.pick(std::span<const Relation>(all_relations));
    if (first == second || !boxed.unique(first) || !boxed.unique(second) || !boxed.stands(relation, first, second)) continue;
    std::string sentence = worded(comparisons,
                                  {{"s", phrase_of(boxed.things(first))},
                                   {"r", phrase_of(boxed.things(second))},
                                   {"where", std::string(relation_words(relation, rng))}},
                                  rng);
    if (std::ranges::find(sentences, sentence) == sentences.end()) sentences.push_back(std::move(sentence));
  }
  return sentences;
}

}  // namespace

std::string oracle_detail(std::string_view picture_text, std::uint64_t seed) {
  const BoxedThings boxed(picture_text);
  if (boxed.size() == 0) return "";
  Rng rng(seed);
  const std::string count = number_word(boxed.size()) + (boxed.size() == 1 ? " object" : " objects");
  std::string text = worded(openings, {{"n", count}, {"is", boxed.size() == 1 ? "is" : "are"}}, rng);
  std::vector<NamedThings> told;
  for (int i = 0; i < boxed.size(); ++i) {
    const NamedThings things = boxed.things(i);
    const bool again = std::ranges::find(told, things) != told.end();
    told.push_back(things);
    const std::string a = again ? fmt::format("another {}", phrase_of(things)) : with_article(phrase_of(things));
    text += fmt::format(" {}", worded(sightings, {{"a", a}, {"place", boxed.place(i)}}, rng));
  }
  for (const std::string& sentence : compare(boxed, rng.between(1, 3), rng)) text += fmt::format(" {}", sentence);
  return text;
}

}  // namespace omma
