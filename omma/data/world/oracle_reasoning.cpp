// Questions that tell nothing about the picture, and answers that argue from the boxes.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "omma/data/world/boxed_things.h"
#include "omma/data/world/oracle.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, 10> edge_questions = {
    "Which object is closest to the {edge} edge, and how can you tell?",
    "What would a hand coming in from the {edge} touch first?",
    "If the picture were cut off from the {edge}, what would be lost first?",
    "Which of the objects is furthest toward the {edge}? Explain.",
    "Looking from the {edge} edge inwards, what is met first, and why?",
    "What is nearest to the {edge} border? Give your reasons.",
    "Someone stands at the {edge} edge. What is the nearest thing to them?",
    "Which thing would fall out first if the picture were tipped toward the {edge}?",
    "Of all objects, which has the least room on its {edge} side?",
    "Reason step by step: which object comes first from the {edge}?"};
constexpr std::array<std::string_view, 10> group_questions = {
    "Are there more animals than vehicles in this picture? Explain.",
    "Is this rather a place of animals or of traffic?",
    "Does the picture show more living creatures or more means of transport?",
    "If each animal needed a vehicle of its own, would there be enough?",
    "Which are in the majority, animals or vehicles?",
    "Compare the number of animals with the number of vehicles.",
    "Would a zoo or a garage be interested in more of what is seen here?",
    "Which group is larger here, animals or vehicles, and why?",
    "Could every animal get a ride of its own?",
    "Count animals and vehicles: which of the two wins?"};
constexpr std::array<std::string_view, 10> order_questions = {
    "Going through the picture from left to right, what comes in which order?",
    "Someone walks from the left edge to the right. What is in the way, one after another?",
    "If you read the picture like a line of text, what would it say?",
    "In which order would a car driving from left to right pass the objects?",
    "What does a snail that crawls from the left edge to the right one meet, and in what order?",
    "Sort the objects from left to right and say how you know.",
    "A curtain opens from the left. In which order do the things appear?",
    "What comes first and what comes last when looking from left to right?",
    "Describe a walk through the picture that begins at the left edge.",
    "Which order do the objects have along the horizontal?"};
constexpr std::array<std::string_view, 10> odd_questions = {"Which object does not fit with the others, and why?",
                                                            "Which is the odd one out?",
                                                            "One of these things is not like the others. Which is it?",
                                                            "If one object had to go so that the rest match, which would it be?",
                                                            "What breaks the pattern in this picture?",
                                                            "Is there anything that differs from all the rest?",
                                                            "Find what does not belong here and give the reason.",
                                                            "Which object is the exception, and in what?",
                                                            "What would you take away to make the picture uniform?",
                                                            "Who is the stranger among the objects? Explain."};
constexpr std::array<std::string_view, 10> size_questions = {
    "Which object stands out by its size?",
    "Which of the objects would be seen first from far away?",
    "What is the most eye-catching object here, judged by size?",
    "If the objects were put into boxes, which would need the biggest one?",
    "Which object takes up the most room, and how can you tell?",
    "Compare the sizes of the objects. What do you find?",
    "Which would hide the others best if it stood in front?",
    "Does one of the objects dominate the picture?",
    "Which object would be the hardest to cover with a coin?",
    "Which object did the artist draw at the grandest scale?"};
constexpr std::array<std::string_view, 10> mix_up_questions = {
    "Could two of the objects be mistaken for each other?",
    "Would it be easy to point out each object in words alone?",
    "Is every object here one of its kind?",
    "Could a short name for an object be misunderstood here?",
    "If asked to fetch something from this picture, could one fetch the wrong thing?",
    "Are the objects easy to tell apart?",
    "Would name and color be enough to find each object?",
    "Is there a risk of confusing objects in this picture?",
    "Could this picture be used for a game of pairs?",
    "Does any object have a twin?"};

struct Edge {
  Relation relation;
  std::string_view edge, towards, superlative;
};
constexpr std::array<Edge, 4> edges = {{{Relation::left_of, "left", "further to the right", "leftmost"},
                                        {Relation::right_of, "right", "further to the left", "rightmost"},
                                        {Relation::above, "upper", "further down", "topmost"},
                                        {Relation::below, "lower", "further up", "lowest"}}};

class Reasoner {
 public:
  Reasoner(std::string_view text, std::uint64_t seed) : boxed_(text), rng_(seed) {}

  InstructionRound reason() {
    if (boxed_.size() == 0) return {};
    using Argue = std::optional<InstructionRound> (Reasoner::*)();
    std::vector<Argue> kinds = {&Reasoner::edge, &Reasoner::groups, &Reasoner::order, &Reasoner::odd_one, &Reasoner::size};
    rng_.shuffle(kinds);
    for (const Argue argue : kinds)
      if (auto round = (this->*argue)()) return std::move(*round);
    return mix_up();
  }

 private:
  std::string the(int index) const { return "the " + phrase_of(boxed_.things(index)); }

  // "The red dog is left of the blue car." for some others.
  std::string stands_so(Relation relation, int subject) {
    std::string text;
    int told = 0;
    for (int other = 0; other < boxed_.size() && told < 2; ++other) {
      if (other == subject || !boxed_.unique(other)) continue;
      text += fmt::format(" {} is {} {}.", capitalised(the(subject)), relation_words(relation, rng_), the(other));
      ++told;
    }
    return text;
  }

  std::optional<InstructionRound> edge() {
    const Edge& side = rng_.pick(std::span<const Edge>(edges));
    const auto first = boxed_.extreme(side.relation);
    if (!first || !boxed_.unique(*first)) return std::nullopt;
    const std::string answer = fmt::format("{} is {}.{} Everything else is {}, so {} is the {} object.",
                                           capitalised(with_article(phrase_of(boxed_.things(*first)))), boxed_.place(*first),
                                           stands_so(side.relation, *first), side.towards, the(*first), side.superlative);
    return InstructionRound{worded(edge_questions, {{"edge", std::string(side.edge)}}, rng_), answer};
  }

  // "two animals, a red dog and a blue cat"; "no vehicles".
  std::string members(std::string_view singular, std::string_view plural, int begin, int end, int& count) const {
    std::vector<std::string> parts;
    count = 0;
    for (const NamedThings& group : boxed_.groups()) {
      if (group.name < begin || group.name >= end) continue;
      count += group.count;
      parts.push_back(some_of(group));
    }
    if (count == 0) return fmt::format("There are no {}.", plural);
    return fmt::format("There {} {} {}: {}.", count == 1 ? "is" : "are", number_word(count), count == 1 ? singular : plural,
                       joined(parts));
  }

  std::optional<InstructionRound> groups() {
    int animals = 0, vehicles = 0;
    const std::string creatures = members("animal", "animals", *find_world_name("dog"), *find_world_name("fish") + 1, animals);
    const std::string traffic = members("vehicle", "vehicles", *find_world_name("car"), *find_world_name("boat") + 1, vehicles);
    if (animals + vehicles == 0) return std::nullopt;
    std::string end = "The two numbers are equal, so neither side is ahead.";
    if (animals != vehicles)
      end = fmt::format("{} is more than {}, so there are more {} than {}.", capitalised(number_word(std::max(animals, vehicles))),
                        number_word(std::min(animals, vehicles)), animals > vehicles ? "animals" : "vehicles",
                        animals > vehicles ? "vehicles" : "animals");
    return InstructionRound{worded(group_questions, {}, rng_), creatures + " " + traffic + " " + end};
  }

  std::optional<InstructionRound> order() {
    if (boxed_.size() < 3) return std::nullopt;
    std::string list, steps;
    for (int i = 0; i < boxed_.size(); ++i) {
      if (!boxed_.unique(i) || (i > 0 && !boxed_.stands(Relation::left_of, i - 1, i))) return std::nullopt;
      const std::string_view link = i == 0 ? "" : i + 1 == boxed_.size() ? " and finally " : ", then ";
      list += std::string(link) + with_article(phrase_of(boxed_.things(i)));
      if (i > 0) steps += fmt::format(" {} is {} {}.", capitalised(the(i - 1)), relation_words(Relation::left_of, rng_), the(i));
    }
    return InstructionRound{
        worded(order_questions, {}, rng_),
        fmt::format("First comes {}.{} So the way begins at {} and ends at {}.", list, steps, the(0), the(boxed_.size() - 1))};
  }

  // All but one share a colour.
  std::optional<InstructionRound> odd_one() {
    for (int odd = 0; odd < boxed_.size() && boxed_.size() >= 3; ++odd) {
      const int color = boxed_.object(odd == 0 ? 1 : 0).color;
      bool pattern = boxed_.object(odd).color != color;
      for (int i = 0; i < boxed_.size(); ++i) pattern = pattern && (i == odd || boxed_.object(i).color == color);
      if (!pattern) continue;
      std::vector<std::string> rest;
      for (const NamedThings& group : boxed_.groups())
        if (group.color == color) rest.push_back(the_one(group));
      const std::string answer = fmt::format("{} are {}. {} is {}, so it differs from all the rest.", capitalised(joined(rest)),
                                             world_color(color), capitalised(the(odd)), world_color(boxed_.object(odd).color));
      return InstructionRound{worded(odd_questions, {}, rng_), answer};
    }
    return std::nullopt;
  }

  std::optional<InstructionRound> size() {
    const auto largest = boxed_.extreme(Relation::larger);
    if (!largest || !boxed_.unique(*largest)) return std::nullopt;
    const std::string answer =
        fmt::format("{} is {}.{} So {} is the largest object.", capitalised(with_article(phrase_of(boxed_.things(*largest)))),
                    boxed_.place(*largest), stands_so(Relation::larger, *largest), the(*largest));
    return InstructionRound{worded(size_questions, {}, rng_), answer};
  }

  InstructionRound mix_up() {
    std::vector<std::string> parts;
    std::optional<NamedThings> twins;
    for (const NamedThings& group : boxed_.groups()) {
      parts.push_back(some_of(group));
      if (group.count > 1) twins = group;
    }
    const std::string question = worded(mix_up_questions, {}, rng_);
    if (twins)
      return {question,
              fmt::format("There are {}. They share name and color, so words alone do not tell which is meant.", counted(*twins))};
    if (boxed_.size() == 1)
      return {question, fmt::format("There is {}. Nothing else is there that could be confused with it.", parts.front())};
    return {question, fmt::format("There is {}. Each differs from the rest in name or in color, so they are easy to tell apart.",
                                  joined(parts))};
  }

  BoxedThings boxed_;
  Rng rng_;
};

}  // namespace

InstructionRound oracle_reasoning(std::string_view picture_text, std::uint64_t seed) {
  return Reasoner(picture_text, seed).reason();
}

}  // namespace omma
