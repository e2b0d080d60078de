// What captions alone tell for certain, and rounds of questions and answers about it; and what boxes tell is not there.
#include <algorithm>
#include <array>
#include <functional>

#include "omma/data/judgement.h"
#include "omma/data/picture_text.h"
#include "omma/data/statements.h"
#include "omma/data/world/oracle.h"
#include "omma/data/world/partners.h"
#include "omma/data/world/wording.h"

namespace omma {
namespace {

using Wordings = std::span<const std::string_view>;

constexpr std::array<std::string_view, 10> exist_questions = {
    "Is there {a} in the picture?",    "Do you see {a}?",           "Can you see {a} here?",
    "Does the picture show {a}?",      "Is {a} visible?",           "Are there any {S}?",
    "Can {a} be found in this image?", "Does this scene have {a}?", "Is {a} part of the scene?",
    "Would I find {a} here?"};
constexpr std::array<std::string_view, 6> yes_answers = {
    "Yes, there {is} {some}.",  "Yes, I can see {some}.",           "Yes, the picture shows {some}.",
    "Yes, {some} can be seen.", "Yes, {some} {is} in the picture.", "Yes, there {is} {some} in the image."};
constexpr std::array<std::string_view, 6> no_answers = {"No, there is no {s}.",
                                                        "No, I do not see any {S}.",
                                                        "No, there are no {S} in the picture.",
                                                        "No, the picture does not show {a}.",
                                                        "No, there is not a single {s} here.",
                                                        "No, no {s} can be seen."};
constexpr std::array<std::string_view, 10> count_questions = {
    "How many {S} are there?",         "How many {S} do you see?",
    "What is the number of {S}?",      "How many {S} does the picture show?",
    "How many {S} can be seen here?",  "Please count the {S}.",
    "Count the {S} in the picture.",   "How many {S} are in this image?",
    "What number of {S} can be seen?", "Could you count the {S} for me?"};
constexpr std::array<std::string_view, 5> count_answers = {"There {is} {counted}.", "I can see {counted}.",
                                                           "The picture shows {counted}.", "{counted} can be seen.", "{number}."};
constexpr std::array<std::string_view, 10> total_questions = {
    "How many objects are there in all?",      "How many objects does the picture show?",
    "What is the total number of objects?",    "How many things are in the picture?",
    "How many objects can you count?",         "Count all the objects.",
    "How many items are there altogether?",    "How many things do you see in total?",
    "What number of objects is in the image?", "Please count all the things in this scene."};
constexpr std::array<std::string_view, 4> total_answers = {"There {is} {counted}.", "The picture shows {counted}.",
                                                           "I can count {counted}.", "In all there {is} {counted}."};
constexpr std::array<std::string_view, 10> color_questions = {"What color is the {s}?",
                                                              "Which color is the {s}?",
                                                              "What is the color of the {s}?",
                                                              "What colour does the {s} have?",
                                                              "In which color is the {s} shown?",
                                                              "Can you tell me the color of the {s}?",
                                                              "Which color does the {s} have?",
                                                              "What color would you call the {s}?",
                                                              "How would you describe the color of the {s}?",
                                                              "Please name the color of the {s}."};
constexpr std::array<std::string_view, 5> color_answers = {
    "The {s} is {color}.", "It is {color}.", "The color of the {s} is {color}.", "The picture shows {pair}.", "{color}."};
constexpr std::array<std::string_view, 10> relation_questions = {"Is the {s} {where} the {r}?",
                                                                 "Does the {s} stand {where} the {r}?",
                                                                 "Would you say that the {s} is {where} the {r}?",
                                                                 "Can the {s} be seen {where} the {r}?",
                                                                 "Do you see the {s} {where} the {r}?",
                                                                 "In this picture, is the {s} {where} the {r}?",
                                                                 "Looking at the image, is the {s} {where} the {r}?",
                                                                 "Is the {s} found {where} the {r}?",
                                                                 "Is the {s} placed {where} the {r}?",
                                                                 "Does the picture show the {s} {where} the {r}?"};
constexpr std::array<std::string_view, 3> relation_yes = {"Yes, the {s} is {where} the {r}.", "Yes, it is {where} the {r}.",
                                                          "Yes, it stands {where} the {r}."};
constexpr std::array<std::string_view, 3> relation_no = {"No, the {s} is {turned} the {r}.", "No, it is {turned} the {r}.",
                                                         "No, it stands {turned} the {r}."};
constexpr std::array<std::string_view, 10> where_questions = {"Where is the {s}?",
                                                              "Where do you see the {s}?",
                                                              "Where can the {s} be found?",
                                                              "Where does the {s} stand?",
                                                              "Where is the {s}, seen from the {r}?",
                                                              "How does the {s} stand to the {r}?",
                                                              "Can you tell me where the {s} is?",
                                                              "Where in the scene is the {s}?",
                                                              "Please describe where the {s} is.",
                                                              "Where would you look for the {s}?"};
constexpr std::array<std::string_view, 4> where_answers = {"The {s} is {where} the {r}.", "It is {where} the {r}.",
                                                           "It stands {where} the {r}.", "You can see the {s} {where} the {r}."};
constexpr std::array<std::string_view, 10> type_questions = {"What is in the picture?",
                                                             "What objects do you see?",
                                                             "Which things does the image show?",
                                                             "What can be seen here?",
                                                             "What kinds of objects are there?",
                                                             "Can you name what is in the picture?",
                                                             "Which objects are in this scene?",
                                                             "What does the picture show?",
                                                             "Please list the objects in the image.",
                                                             "Tell me what you see."};
constexpr std::array<std::string_view, 5> type_answers = {"There {is} {list}.", "I can see {list}.", "The picture shows {list}.",
                                                          "You can see {list}.", "The objects in the picture are {list}."};

struct KnownRelation {
  NamedThings first, second;
  Relation relation;
};

NamedThings things_of(const Mention& mention) {
  return {.name = mention.names.front(), .color = mention.color.value_or(-1), .count = mention.count};
}

void add_count(std::vector<NamedThings>& list, const NamedThings& more) {
  const auto same =
      std::ranges::find_if(list, [&](const NamedThings& things) { return things.name == more.name && things.color == more.color; });
  if (same == list.end())
    list.push_back(more);
  else
    same->count += more.count;
}

// What the captions say. In the world's captions a mention tells of all things of its name, or name and colour ("a red dog": the
// only one), and a list without sizes, relations and "among other things" is complete.
struct CaptionFacts {
  std::vector<NamedThings> mentioned;  // each once
  std::vector<NamedThings> pairs;      // all that there is, with colours; empty: not known
  std::vector<NamedThings> names;      // all that there is, without
  std::vector<KnownRelation> relations;
  int total = 0;  // 0: not known

  explicit CaptionFacts(std::string_view text) {
    for (const std::string& caption : read_picture_text(text).captions) add(caption);
    if (pairs.empty()) return;
    total = 0;
    names.clear();
    for (const NamedThings& things : pairs) {
      total += things.count;
      add_count(names, {.name = things.name, .count = things.count});
    }
  }

 private:
  void add(const std::string& caption) {
    bool complete = caption.find("among other things") == std::string::npos && !caption.ends_with("and more");
    std::vector<NamedThings> list;
    for (const Statement& statement : read_statements(caption, Lexicon::world())) {
      const bool in_size = statement.relation == Relation::larger || statement.relation == Relation::smaller;
      if (statement.kind == Statement::Kind::relation) {
        complete = false;
        if (!in_size && statement.subject.count == 1 && statement.reference.count == 1 && statement.subject.size.empty())
          relations.push_back({things_of(statement.subject), things_of(statement.reference), statement.relation});
      } else if (statement.kind == Statement::Kind::exists && statement.subject.group) {
        if (statement.subject.exact) total = statement.subject.count;
      } else if (statement.kind == Statement::Kind::exists) {
        complete = complete && statement.subject.size.empty();
        list.push_back(things_of(statement.subject));
        if (!statement.subject.size.empty()) list.back().count = 0;
      }
    }
    for (const NamedThings& things : list) {
      const auto same = std::ranges::find_if(
          mentioned, [&](const NamedThings& known) { return known.name == things.name && known.color == things.color; });
      if (same == mentioned.end())
        mentioned.push_back(things);
      else if (same->count == 0)
        same->count = things.count;
    }
    if (!complete || list.empty()) return;
    const auto colored = [](const NamedThings& things) { return things.color >= 0; };
    if (std::ranges::all_of(list, colored))
      pairs = list;
    else if (std::ranges::none_of(list, colored))
      names = list;
  }
};

InstructionRound worded_round(Wordings questions, Wordings answers, Fields fields, Rng& rng) {
  InstructionRound made{.question = worded(questions, fields, rng), .answer = {}};
  made.answer = worded(answers, fields, rng);
  return made;
}

std::string is_or_are(int count) { return count <= 1 ? "is" : "are"; }

// Of what is there.
InstructionRound affirmation(const NamedThings& things, Rng& rng) {
  return worded_round(exist_questions, yes_answers,
                      {{"a", with_article(phrase_of(things))},
                       {"S", plural_phrase_of(things)},
                       {"is", is_or_are(things.count)},
                       {"some", some_of(things)}},
                      rng);
}

// Of what is not there.
InstructionRound denial(const NamedThings& things, Rng& rng) {
  return worded_round(exist_questions, no_answers,
                      {{"a", with_article(phrase_of(things))}, {"S", plural_phrase_of(things)}, {"s", phrase_of(things)}}, rng);
}

class Talker {
 public:
  Talker(std::string_view text, std::uint64_t seed) : facts_(text), rng_(seed) {}

  std::vector<InstructionRound> talk() {
    using Ask = std::optional<InstructionRound> (Talker::*)();
    std::vector<Ask> kinds = {&Talker::present, &Talker::absent, &Talker::count,    &Talker::total,
                              &Talker::color,   &Talker::types,  &Talker::relation, &Talker::where};
    rng_.shuffle(kinds);
    const auto wanted = static_cast<std::size_t>(rng_.between(3, 5));
    std::vector<InstructionRound> rounds;
    for (const Ask ask : kinds) {
      if (rounds.size() == wanted) break;
      if (auto round = (this->*ask)()) rounds.push_back(std::move(*round));
    }
    return rounds;
  }

 private:
  template <class T>
  const T* pick(const std::vector<T>& items) {
    return items.empty() ? nullptr : &rng_.pick(std::span<const T>(items));
  }

  InstructionRound round(Wordings questions, Wordings answers, Fields fields) {
    return worded_round(questions, answers, fields, rng_);
  }

  // Half of them without their colors, as what is not there is asked for: else a name alone would mean "no".
  std::optional<InstructionRound> present() {
    const bool by_name = !facts_.pairs.empty() && rng_.below(2) == 0;
    const NamedThings* things = pick(by_name ? facts_.names : facts_.mentioned);
    if (things == nullptr) return std::nullopt;
    return affirmation(*things, rng_);
  }

  // What is surely not there: a name that no complete list has, or a name in another colour.
  std::optional<InstructionRound> absent() {
    std::vector<NamedThings> missing;
    const auto is_there = [](const std::vector<NamedThings>& list, const NamedThings& wanted) {
      return std::ranges::any_of(list, [&](const NamedThings& things) {
        return things.name == wanted.name && (wanted.color < 0 || things.color == wanted.color);
      });
    };
    for (int name = 0; name < world_name_count && !facts_.names.empty(); ++name)
      if (const NamedThings things{.name = name}; !is_there(facts_.names, things)) missing.push_back(things);
    if (!facts_.pairs.empty() && rng_.below(2) == 0) {
      missing.clear();
      for (const NamedThings& there : facts_.pairs)
        for (int color = 0; color < world_color_count; ++color)
          if (const NamedThings things{.name = there.name, .color = color};
              !is_there(facts_.pairs, things) && !is_combo_pair(there.name, color))
            missing.push_back(things);
    }
    const NamedThings* things = pick(missing);
    if (things == nullptr) return std::nullopt;
    return denial(*things, rng_);
  }

  std::optional<InstructionRound> count() {
    std::vector<NamedThings> known = facts_.mentioned;
    known.insert(known.end(), facts_.names.begin(), facts_.names.end());
    std::erase_if(known, [](const NamedThings& things) { return things.count == 0; });
    const NamedThings* things = pick(known);
    if (things == nullptr) return std::nullopt;
    return round(count_questions, count_answers,
                 {{"S", plural_phrase_of(*things)},
                  {"is", is_or_are(things->count)},
                  {"counted", counted(*things)},
                  {"number", number_word(things->count)}});
  }

  std::optional<InstructionRound> total() {
    if (facts_.total == 0) return std::nullopt;
    const std::string counted = number_word(facts_.total) + (facts_.total == 1 ? " object" : " objects");
    return round(total_questions, total_answers, {{"is", is_or_are(facts_.total)}, {"counted", counted}});
  }

  std::optional<InstructionRound> color() {
    std::vector<NamedThings> unique;
    for (const NamedThings& things : facts_.pairs)
      if (std::ranges::count(facts_.pairs, things.name, &NamedThings::name) == 1 && things.count == 1) unique.push_back(things);
    const NamedThings* things = pick(unique);
    if (things == nullptr) return std::nullopt;
    return round(color_questions, color_answers,
                 {{"s", std::string(world_noun(things->name).singular)},
                  {"color", std::string(world_color(things->color))},
                  {"pair", with_article(phrase_of(*things))}});
  }

  std::optional<InstructionRound> types() {
    const std::vector<NamedThings>& all = facts_.pairs.empty() ? facts_.names : facts_.pairs;
    if (all.empty()) return std::nullopt;
    std::vector<std::string> parts;
    for (const NamedThings& things : all) parts.push_back(some_of(things));
    return round(type_questions, type_answers, {{"is", is_or_are(all.front().count)}, {"list", joined(parts)}});
  }

  std::optional<InstructionRound> relation() {
    const KnownRelation* known = pick(facts_.relations);
    if (known == nullptr) return std::nullopt;
    const bool yes = rng_.below(2) == 0;
    const Relation asked = yes ? known->relation : opposite_of(known->relation);
    const auto asked_words = std::string(relation_words(asked, rng_)), turned = std::string(relation_words(known->relation, rng_));
    return round(relation_questions, yes ? Wordings(relation_yes) : Wordings(relation_no),
                 {{"s", phrase_of(known->first)}, {"r", phrase_of(known->second)}, {"where", asked_words}, {"turned", turned}});
  }

  std::optional<InstructionRound> where() {
    const KnownRelation* known = pick(facts_.relations);
    if (known == nullptr) return std::nullopt;
    return round(where_questions, where_answers,
                 {{"s", phrase_of(known->first)},
                  {"r", phrase_of(known->second)},
                  {"where", std::string(relation_words(known->relation, rng_))}});
  }

  CaptionFacts facts_;
  Rng rng_;
};

}  // namespace

std::vector<InstructionRound> oracle_conversation(std::string_view picture_text, std::uint64_t seed) {
  return Talker(picture_text, seed).talk();
}

namespace {

// The world's names that boxes show, each with how many there are, and the others; both empty without boxes of such names.
struct NamesThere {
  std::vector<NamedThings> there;
  std::vector<int> absent;

  explicit NamesThere(std::string_view picture_text) {
    for (const SeenObject& object : seen_objects(read_picture_text(picture_text).boxes, Lexicon::world()))
      add_count(there, {.name = object.name, .count = 1});
    for (int name = 0; name < world_name_count; ++name)
      if (!there.empty() && !has(name)) absent.push_back(name);
  }
  bool has(int name) const { return std::ranges::find(there, name, &NamedThings::name) != there.end(); }
};

}  // namespace

std::vector<InstructionRound> oracle_denials(std::string_view picture_text, std::uint64_t seed) {
  constexpr std::size_t wanted = 2;
  NamesThere names(picture_text);
  Rng rng(seed);
  rng.shuffle(names.absent);
  std::stable_partition(names.absent.begin(), names.absent.end(), [&](int name) { return names.has(partner_of(name)); });
  std::vector<InstructionRound> rounds;
  for (std::size_t i = 0; i < std::min(wanted, names.absent.size()); ++i) rounds.push_back(denial({.name = names.absent[i]}, rng));
  return rounds;
}

std::vector<InstructionRound> oracle_existence(std::string_view picture_text, std::uint64_t seed) {
  constexpr std::size_t wanted = 3;
  NamesThere names(picture_text);
  Rng rng(seed);
  rng.shuffle(names.there);
  rng.shuffle(names.absent);
  std::vector<InstructionRound> rounds;
  for (std::size_t i = 0; i < std::min({wanted, names.there.size(), names.absent.size()}); ++i) {
    rounds.push_back(affirmation(names.there[i], rng));
    rounds.push_back(denial({.name = names.absent[i]}, rng));
  }
  rng.shuffle(rounds);
  return rounds;
}

}  // namespace omma
