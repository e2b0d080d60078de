#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "omma/data/world/language.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, question_type_count> type_names = {"count", "exist",   "color",         "relation",
                                                                          "what",  "compare", "exist_relation"};

using Templates = std::span<const std::string_view>;

// {s}, {S}, {a}: the subject's singular, plural, singular with article; {r}, {R}, {b} the reference's; {where} the relation.
constexpr std::array<std::string_view, 4> count_templates = {"How many {S} are there?", "How many {S} do you see?",
                                                             "What is the number of {S}?", "Count the {S}."};
constexpr std::array<std::string_view, 4> exist_templates = {"Is there {a}?", "Do you see {a}?", "Are there any {S}?",
                                                             "Is there {a} in the picture?"};
constexpr std::array<std::string_view, 4> color_templates = {"What color is the {s}?", "Which color is the {s}?",
                                                             "What colour does the {s} have?", "What is the color of the {s}?"};
constexpr std::array<std::string_view, 2> relation_templates = {"Is the {s} {where} the {r}?",
                                                                "Do you see the {s} {where} the {r}?"};
constexpr std::array<std::string_view, 3> what_templates = {"What is {where} the {r}?", "Which thing is {where} the {r}?",
                                                            "What do you see {where} the {r}?"};
constexpr std::array<std::string_view, 2> more_templates = {"Are there more {S} than {R}?", "Do you see more {S} than {R}?"};
constexpr std::array<std::string_view, 2> fewer_templates = {"Are there fewer {S} than {R}?", "Do you see fewer {S} than {R}?"};
constexpr std::array<std::string_view, 4> exist_relation_templates = {"Is there {a} {where} {b}?", "Do you see {a} {where} {b}?",
                                                                      "Are there any {S} {where} {b}?",
                                                                      "Is there {a} {where} {b} in the picture?"};

constexpr std::array<std::string_view, 4> held_out_count = {"I would like to know how many {S} there are.",
                                                            "What number of {S} can be seen here?", "Can you count the {S} for me?",
                                                            "Number of {S}?"};
constexpr std::array<std::string_view, 4> held_out_exist = {"Does the picture show {a}?", "Does the image contain any {S}?",
                                                            "Is {a} visible?", "Can {a} be found here?"};
constexpr std::array<std::string_view, 3> held_out_color = {"Tell me the color of the {s}.", "The {s}: which color is it?",
                                                            "In what color is the {s} drawn?"};
constexpr std::array<std::string_view, 2> held_out_relation = {"Would you say the {s} is {where} the {r}?",
                                                               "Does the {s} stand {where} the {r}?"};
constexpr std::array<std::string_view, 3> held_out_what = {"What stands {where} the {r}?", "Name the thing {where} the {r}.",
                                                           "Point out what is {where} the {r}."};
constexpr std::array<std::string_view, 2> held_out_more = {"Does the picture show more {S} than {R}?",
                                                           "Is the number of {S} larger than the number of {R}?"};
constexpr std::array<std::string_view, 2> held_out_fewer = {"Does the picture show fewer {S} than {R}?",
                                                            "Is the number of {S} smaller than the number of {R}?"};
constexpr std::array<std::string_view, 3> held_out_exist_relation = {"Does the picture show {a} {where} {b}?",
                                                                     "Does {a} stand {where} {b}?", "Is {a} visible {where} {b}?"};

Templates templates_for(QuestionType type, bool fewer, Wording wording) {
  const bool taught = wording == Wording::taught;
  const auto either = [&](Templates usual, Templates other) { return taught ? usual : other; };
  switch (type) {
    case QuestionType::count:
      return either(count_templates, held_out_count);
    case QuestionType::exist:
      return either(exist_templates, held_out_exist);
    case QuestionType::color:
      return either(color_templates, held_out_color);
    case QuestionType::relation:
      return either(relation_templates, held_out_relation);
    case QuestionType::what:
      return either(what_templates, held_out_what);
    case QuestionType::compare:
      return fewer ? either(fewer_templates, held_out_fewer) : either(more_templates, held_out_more);
    case QuestionType::exist_relation:
      return either(exist_relation_templates, held_out_exist_relation);
  }
  return {};
}

struct Place {
  Relation relation;
  Relation opposite;
  std::array<std::string_view, 2> words;
};
constexpr std::array<Place, 4> places = {{{Relation::left_of, Relation::right_of, {"left of", "to the left of"}},
                                          {Relation::right_of, Relation::left_of, {"right of", "to the right of"}},
                                          {Relation::above, Relation::below, {"above", "above"}},
                                          {Relation::below, Relation::above, {"below", "under"}}}};

const Place& opposite_of(const Place& place) {
  return *std::find_if(places.begin(), places.end(), [&](const Place& other) { return other.relation == place.opposite; });
}

std::string yes_or_no(bool yes) { return yes ? "yes" : "no"; }

// Dogs, red dogs, red things.
enum class Kind { name, pair, color };

class Asker {
 public:
  Asker(const Scene& scene, Rng& rng, Wording wording) : scene_(scene), rng_(rng), wording_(wording) {}

  // Answers 0 to 3 and "4 or more" are wanted as often as makes them come out about even: a scene rarely holds four of a kind.
  std::optional<Question> count() {
    constexpr std::array<int, 5> weights = {2, 2, 5, 9, 12};
    int want = 0;
    for (int draw = rng_.between(0, 29); draw >= weights[static_cast<std::size_t>(want)]; ++want)
      draw -= weights[static_cast<std::size_t>(want)];
    const Kind kind = random_kind();
    std::vector<ObjectQuery> fitting;
    for (const ObjectQuery& query : want == 0 ? absent(kind) : present(kind))
      if (std::min(count_of(query), 4) == want) fitting.push_back(query);
    const auto subject = draw(fitting);
    if (!subject) return std::nullopt;
    return ask(QuestionType::count, {.subject = *subject, .answer = std::to_string(count_of(*subject))});
  }

  std::optional<Question> exist() {
    const Kind kind = random_kind();
    const bool yes = rng_.below(2) == 0;
    const auto subject = draw(yes ? present(kind) : absent(kind));
    if (!subject) return std::nullopt;
    return ask(QuestionType::exist, {.subject = *subject, .answer = yes_or_no(yes)});
  }

  std::optional<Question> color() {
    std::vector<ObjectQuery> pairs;
    for (const WorldObject& object : scene_.objects)
      if (count_of(by_name(object.name)) == 1) pairs.push_back(by_pair(object.name, object.color));
    const auto pair = draw(pairs);
    if (!pair) return std::nullopt;
    return ask(QuestionType::color, {.subject = by_name(*pair->name), .answer = std::string(world_color(*pair->color))});
  }

  std::optional<Question> relation() {
    for (int attempt = 0; attempt < 12 && scene_.objects.size() > 1; ++attempt) {
      const int first = random_object(), second = random_object();
      const Place& place = rng_.pick(std::span<const Place>(places));
      const bool yes = rng_.below(2) == 0;
      if (first == second || !holds(scene_, yes ? place.relation : place.opposite, first, second)) continue;
      const auto subject = unique_query(scene_, first, rng_), reference = unique_query(scene_, second, rng_);
      if (!subject || !reference) continue;
      return ask(QuestionType::relation, {.subject = *subject, .reference = *reference, .place = &place, .answer = yes_or_no(yes)});
    }
    return std::nullopt;
  }

  std::optional<Question> what() {
    for (int attempt = 0; attempt < 12 && scene_.objects.size() > 1; ++attempt) {
      const int second = random_object();
      const Place& place = rng_.pick(std::span<const Place>(places));
      const auto first = only_object(scene_, place.relation, second);
      const auto reference = unique_query(scene_, second, rng_);
      if (!first || !reference) continue;
      const int name = scene_.objects[static_cast<std::size_t>(*first)].name;
      return ask(
          QuestionType::what,
          {.subject = by_name(name), .reference = *reference, .place = &place, .answer = std::string(world_noun(name).singular)});
    }
    return std::nullopt;
  }

  // Of two different counts; which one is named first is a coin toss, so yes and no come out even.
  std::optional<Question> compare() {
    const Kind kind = random_kind();
    const auto first = draw(present(kind)), second = draw(rng_.below(3) == 0 ? absent(kind) : present(kind));
    if (!first || !second || count_of(*first) == count_of(*second)) return std::nullopt;
    const bool swapped = rng_.below(2) == 0, fewer = rng_.below(4) == 0;
    const ObjectQuery &subject = swapped ? *second : *first, &reference = swapped ? *first : *second;
    const bool yes = (count_of(subject) > count_of(reference)) != fewer;
    return ask(QuestionType::compare, {.subject = subject, .reference = reference, .answer = yes_or_no(yes), .fewer = fewer});
  }

  // Of any two objects that fit. Noes are hard: the objects are there and stand the other way round, or one of them has another
  // colour. Asked only where both answers could be, so that they come out even whatever the question is like.
  std::optional<Question> exist_relation() {
    for (int attempt = 0; attempt < 12 && scene_.objects.size() > 1; ++attempt) {
      const int first = random_object(), second = random_object();
      const Place& place = rng_.pick(std::span<const Place>(places));
      const Content yes{.subject = loose_query(first), .reference = loose_query(second), .place = &place, .answer = "yes"};
      if (first == second || !holds(scene_, place.relation, first, second) || yes.subject == yes.reference) continue;
      const auto no = rng_.below(2) == 0 ? in_another_color(yes) : the_other_way_round(yes);
      if (!no) continue;
      return ask(QuestionType::exist_relation, rng_.below(2) == 0 ? yes : *no);
    }
    return std::nullopt;
  }

 private:
  struct Content {
    ObjectQuery subject;
    ObjectQuery reference = {};
    const Place* place = nullptr;
    std::string answer = {};
    bool fewer = false;
  };

  // A no to what is true, by a colour in which no object of that name is there; nothing where no colour is named.
  std::optional<Content> in_another_color(Content content) {
    content.answer = "no";
    std::vector<ObjectQuery*> colored;
    for (ObjectQuery* query : {&content.subject, &content.reference})
      if (query->color) colored.push_back(query);
    if (colored.empty()) return std::nullopt;
    ObjectQuery& changed = *rng_.pick(std::span<ObjectQuery* const>(colored));
    std::vector<ObjectQuery> absent;
    for (int color = 0; color < world_color_count; ++color)
      if (const ObjectQuery query = by_pair(*changed.name, color); count_of(query) == 0 && may_be_said(query, scene_.split))
        absent.push_back(query);
    if (absent.empty()) return std::nullopt;
    changed = rng_.pick(std::span<const ObjectQuery>(absent));
    return content;
  }

  // A no to what is true, by the opposite relation; nothing where any two that fit do not clearly stand as told.
  std::optional<Content> the_other_way_round(Content content) {
    for (const int first : find_objects(scene_, content.subject))
      for (const int second : find_objects(scene_, content.reference))
        if (first != second && !holds(scene_, content.place->relation, first, second)) return std::nullopt;
    content.place = &opposite_of(*content.place);
    content.answer = "no";
    return content;
  }

  // Name, or name and colour, whatever else fits it.
  ObjectQuery loose_query(int object) {
    const WorldObject& what = scene_.objects[static_cast<std::size_t>(object)];
    return scene_.split == Split::combo || rng_.below(2) == 0 ? by_pair(what.name, what.color) : by_name(what.name);
  }

  Question ask(QuestionType type, const Content& content) {
    std::string text;
    std::string_view rest = rng_.pick(templates_for(type, content.fewer, wording_));
    while (!rest.empty()) {
      const std::size_t open = rest.find('{');
      text += rest.substr(0, open);
      if (open == std::string_view::npos) break;
      const std::size_t close = rest.find('}', open);
      text += field(rest.substr(open + 1, close - open - 1), content);
      rest.remove_prefix(close + 1);
    }
    return {.text = text,
            .answer = content.answer,
            .type = type,
            .subject = content.subject,
            .reference = content.reference,
            .relation = content.place != nullptr ? content.place->relation : Relation::left_of};
  }

  std::string field(std::string_view name, const Content& content) {
    if (name == "where") return std::string(rng_.pick(std::span<const std::string_view>(content.place->words)));
    if (name == "a" || name == "b") return with_article(phrase_of(name == "a" ? content.subject : content.reference));
    const bool plural = std::isupper(static_cast<unsigned char>(name[0])) != 0;
    return phrase_of(name == "s" || name == "S" ? content.subject : content.reference, plural);
  }

  static ObjectQuery by_name(int name) { return {.name = name, .color = {}, .size = ""}; }
  static ObjectQuery by_pair(int name, int color) { return {.name = name, .color = color, .size = ""}; }
  int count_of(const ObjectQuery& query) const { return static_cast<int>(find_objects(scene_, query).size()); }
  int random_object() { return static_cast<int>(rng_.below(static_cast<std::uint32_t>(scene_.objects.size()))); }

  // Drawn before anything else, so that the kind of a question tells nothing about its answer.
  Kind random_kind() { return scene_.split == Split::combo ? Kind::pair : static_cast<Kind>(rng_.below(3)); }

  static ObjectQuery query_of(Kind kind, int name, int color) {
    if (kind == Kind::name) return by_name(name);
    return kind == Kind::pair ? by_pair(name, color) : ObjectQuery{.name = {}, .color = color, .size = ""};
  }

  // One for each object.
  std::vector<ObjectQuery> present(Kind kind) const {
    std::vector<ObjectQuery> queries;
    for (const WorldObject& object : scene_.objects) queries.push_back(query_of(kind, object.name, object.color));
    return queries;
  }

  // Hard ones: pairs are of a name that is there, in another colour.
  std::vector<ObjectQuery> absent(Kind kind) const {
    std::vector<ObjectQuery> queries;
    const auto add_if_absent = [&](const ObjectQuery& query) {
      if (count_of(query) == 0 && may_be_said(query, scene_.split)) queries.push_back(query);
    };
    if (kind == Kind::name)
      for (int name = 0; name < world_name_count; ++name) add_if_absent(by_name(name));
    else
      for (const WorldObject& object : scene_.objects)
        for (int color = 0; color < world_color_count; ++color) add_if_absent(query_of(kind, object.name, color));
    return queries;
  }

  // One at random; in the combo split one of a held-out pair where there is any.
  std::optional<ObjectQuery> draw(std::vector<ObjectQuery> queries) {
    const auto held_out = [](const ObjectQuery& query) {
      return query.name && query.color && is_combo_pair(*query.name, *query.color);
    };
    if (scene_.split == Split::combo && std::any_of(queries.begin(), queries.end(), held_out))
      std::erase_if(queries, [&](const ObjectQuery& query) { return !held_out(query); });
    if (queries.empty()) return std::nullopt;
    return rng_.pick(std::span<const ObjectQuery>(queries));
  }

  const Scene& scene_;
  Rng& rng_;
  Wording wording_;
};

}  // namespace

std::string_view name_of(QuestionType type) { return type_names[static_cast<std::size_t>(type)]; }

std::vector<Question> questions(const Scene& scene, Rng& rng, Wording wording) {
  expect_no_emblems(scene, "questions");
  Asker asker(scene, rng, wording);
  std::vector<Question> result;
  for (auto&& question : {asker.count(), asker.exist(), asker.color(), asker.relation(), asker.what(), asker.compare()})
    if (question) result.push_back(*question);
  Rng later = rng;  // numbers of its own: this type came last, and what the others draw from a seed stays what it was
  later.set_counter(rng.counter() + (1ULL << 32));
  if (const auto question = Asker(scene, later, wording).exist_relation()) result.push_back(*question);
  return result;
}

std::string held_out_count_question(const ObjectQuery& query, Rng& rng) {
  constexpr std::string_view place = "{S}";
  std::string text(rng.pick(std::span<const std::string_view>(held_out_count)));
  return text.replace(text.find(place), place.size(), phrase_of(query, true));
}

}  // namespace omma
