#include "omma/recipes/planner/question.h"

#include <array>
#include <cctype>
#include <span>
#include <sstream>

#include "omma/agent/tools/detect_objects.h"
#include "omma/base/error.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/split.h"
#include "omma/data/world/words.h"
#include "omma/recipes/planner/made_up_words.h"
#include "omma/recipes/planner/off_topic.h"

namespace omma {

namespace {

using Templates = std::span<const std::string_view>;

// {s} and {p}: the subject, one or many; {a}: with its article; {S}, {P} and {A}: the reference; {r}: the relation.
constexpr std::array<std::string_view, 9> count_templates = {"How many {p} are there?",
                                                             "How many {p} are there?",
                                                             "How many {p} are there in the picture?",
                                                             "How many {p} do you see?",
                                                             "How many {p} can you see in this image?",
                                                             "Count the {p}.",
                                                             "What is the number of {p}?",
                                                             "How many {p} are in the image?",
                                                             "How many {p} does the picture show?"};
constexpr std::array<std::string_view, 6> exist_templates = {
    "Is there {a}?",      "Is there {a}?",   "Is there {a} in the picture?",
    "Are there any {p}?", "Do you see {a}?", "Can you see any {p} in the image?"};
constexpr std::array<std::string_view, 5> color_templates = {"What color is the {s}?", "Which color is the {s}?",
                                                             "What colour is the {s}?", "What colour does the {s} have?",
                                                             "What is the color of the {s}?"};
constexpr std::array<std::string_view, 4> relation_templates = {"Is the {s} {r} the {S}?", "Is the {s} {r} the {S}?",
                                                                "Do you see the {s} {r} the {S}?",
                                                                "Is the {s} {r} the {S} in the picture?"};
constexpr std::array<std::string_view, 5> what_templates = {"What is {r} the {S}?", "What is {r} the {S}?",
                                                            "Which object is {r} the {S}?", "Which thing is {r} the {S}?",
                                                            "What do you see {r} the {S}?"};
constexpr std::array<std::string_view, 2> more_templates = {"Are there more {p} than {P}?", "Do you see more {p} than {P}?"};
constexpr std::array<std::string_view, 2> fewer_templates = {"Are there fewer {p} than {P}?", "Do you see fewer {p} than {P}?"};
constexpr std::array<std::string_view, 3> where_templates = {"Where is the {s}?", "Where in the picture is the {s}?",
                                                             "Where do you see the {s}?"};
constexpr std::array<std::string_view, 4> list_templates = {"Which objects are there?", "Which objects are in the picture?",
                                                            "What objects do you see?", "List the objects."};
constexpr std::array<std::string_view, 6> exist_relation_templates = {
    "Is there {a} {r} {A}?",      "Is there {a} {r} {A}?",   "Is there {a} {r} {A} in the picture?",
    "Are there any {p} {r} {A}?", "Do you see {a} {r} {A}?", "Can you see {a} {r} {A} in the image?"};

std::string with_noun(const NounPhrase& phrase, bool plural) {
  std::string text = phrase.size;
  if (!phrase.color.empty()) text += (text.empty() ? "" : " ") + phrase.color;
  return text + (text.empty() ? "" : " ") + (plural ? phrase.plural_name : phrase.name);
}

NounPhrase draw_phrase(bool known_words_only, double color_chance, Rng& rng) {
  NounPhrase phrase;
  const bool known = known_words_only || rng.chance(0.65);
  const int name = rng.between(0, world_name_count - 1);
  const int color = rng.between(0, world_color_count - 1);
  const bool thing = known && color_chance > 0 && rng.chance(0.25);  // "red thing": any name
  if (thing) {
    phrase = {.singular = "",
              .plural = "",
              .name = "thing",
              .plural_name = "things",
              .color = std::string(world_color(color)),
              .size = ""};
  } else if (known) {
    phrase.name = world_noun(name).singular;
    phrase.plural_name = world_noun(name).plural;
  } else {
    const MadeUpNoun noun = make_up_noun(rng);
    phrase.name = noun.singular;
    phrase.plural_name = noun.plural;
  }
  if (!thing && rng.chance(color_chance) && !(known && is_combo_pair(name, color))) phrase.color = world_color(color);
  if (color_chance > 0 && rng.chance(0.1)) phrase.size = rng.chance(0.5) ? "small" : "large";
  phrase.singular = with_noun(phrase, false);
  phrase.plural = with_noun(phrase, true);
  return phrase;
}

// "things", "objects": every name fits.
NounPhrase draw_anything(Rng& rng) {
  const std::string name = rng.chance(0.5) ? "thing" : "object";
  return {.singular = name, .plural = name + "s", .name = "", .plural_name = "", .color = "", .size = ""};
}

// "to the left of" and "under" are how people ask; the tool says "left of" and "below".
std::string asked_relation(const std::string& relation, Rng& rng) {
  if (relation.empty() || rng.chance(0.5)) return relation;
  if (relation == "below") return "under";
  return relation == "left of" || relation == "right of" ? "to the " + relation : relation;
}

std::string fill(std::string_view pattern, const PlannerQuestion& question, Rng& rng) {
  const std::string relation = asked_relation(question.relation, rng);
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      text += pattern[i];
      continue;
    }
    switch (pattern[i + 1]) {
      case 's':
        text += question.subject.singular;
        break;
      case 'p':
        text += question.subject.plural;
        break;
      case 'a':
        text += with_article(question.subject.singular);
        break;
      case 'A':
        text += with_article(question.reference.singular);
        break;
      case 'S':
        text += question.reference.singular;
        break;
      case 'P':
        text += question.reference.plural;
        break;
      default:
        text += relation;
        break;
    }
    i += 2;
  }
  return text;
}

// People forget the question mark and capitals.
std::string typed(std::string text, Rng& rng) {
  if (rng.chance(0.06) && std::ispunct(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  if (rng.chance(0.06)) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

Templates templates_of(const PlannerQuestion& question) {
  switch (question.skill) {
    case PlannerSkill::count:
      return count_templates;
    case PlannerSkill::exist:
      return exist_templates;
    case PlannerSkill::color:
      return color_templates;
    case PlannerSkill::relation:
      return relation_templates;
    case PlannerSkill::what:
      return what_templates;
    case PlannerSkill::compare:
      return question.fewer ? Templates(fewer_templates) : Templates(more_templates);
    case PlannerSkill::where:
      return where_templates;
    case PlannerSkill::list:
      return list_templates;
    case PlannerSkill::exist_relation:
      return exist_relation_templates;
    case PlannerSkill::describe:
      return description_requests();
    case PlannerSkill::off_topic:
      break;
  }
  fail("planner: unknown skill");
}

Box random_box(Rng& rng) {
  const double long_side = rng.uniform(22, 54), short_side = long_side * rng.uniform(0.4, 1);
  const bool wide = rng.chance(0.5);
  const float width = static_cast<float>(wide ? long_side : short_side), height = static_cast<float>(wide ? short_side : long_side);
  const float x = static_cast<float>(rng.uniform(0, 128.0 - width)), y = static_cast<float>(rng.uniform(0, 128.0 - height));
  return {x, y, x + width, y + height};
}

KnownObject random_object(Rng& rng) {
  int name = 0, color = 0;
  do {
    name = rng.between(0, world_name_count - 1);
    color = rng.between(0, world_color_count - 1);
  } while (is_combo_pair(name, color));
  return {.name = std::string(world_noun(name).singular), .color = std::string(world_color(color)), .size = "", .box = {}};
}

// An object that fits the phrase; what the phrase leaves open is drawn.
KnownObject object_like(const NounPhrase& phrase, Rng& rng) {
  KnownObject object = random_object(rng);
  const auto pair_is_held_out = [&] {
    const auto name = find_world_name(object.name);
    const auto color = find_world_color(object.color);
    return name && color && is_combo_pair(*name, *color);
  };
  do {
    const bool any = phrase.name.empty() || phrase.name == "thing";
    object.name = any ? random_object(rng).name : phrase.name;
    object.color = phrase.color.empty() ? std::string(world_color(rng.between(0, world_color_count - 1))) : phrase.color;
  } while (pair_is_held_out());
  object.size = phrase.size;
  return object;
}

// Often none, mostly few, at times up to 40 and beyond.
int random_count(Rng& rng) {
  if (rng.chance(0.25)) return 0;
  return rng.chance(0.65) ? rng.between(1, 6) : rng.between(1, 45);
}

// Small ones mostly: which of two is more must be learned pair by pair.
int compared_count(Rng& rng) { return rng.chance(0.85) ? rng.between(0, 6) : random_count(rng); }

}  // namespace

PlannerQuestion make_planner_question(PlannerSkill skill, bool known_words_only, Rng& rng) {
  PlannerQuestion question{.skill = skill, .text = "", .subject = {}, .reference = {}, .relation = "", .fewer = false};
  const double color_chance = skill == PlannerSkill::color ? 0 : 0.45;
  question.subject = draw_phrase(known_words_only, color_chance, rng);
  if (skill == PlannerSkill::count && rng.chance(0.06)) question.subject = draw_anything(rng);
  do {
    question.reference = draw_phrase(known_words_only, color_chance, rng);
  } while (question.reference.singular == question.subject.singular);
  if (skill == PlannerSkill::relation) question.relation = rng.pick(Templates(relation_words));
  if (skill == PlannerSkill::what || skill == PlannerSkill::exist_relation)
    question.relation = rng.pick(Templates(relation_words).first(4));
  question.fewer = skill == PlannerSkill::compare && rng.chance(0.5);
  const bool off_topic = skill == PlannerSkill::off_topic;
  question.text = typed(off_topic ? off_topic_sentence(rng) : fill(rng.pick(templates_of(question)), question, rng), rng);
  return question;
}

std::vector<KnownObject> invent_picture(const PlannerQuestion& question, Rng& rng) {
  std::vector<KnownObject> objects;
  const auto add = [&](int count, const NounPhrase& phrase) {
    for (int i = 0; i < count; ++i) objects.push_back(object_like(phrase, rng));
  };
  const bool counted = question.skill == PlannerSkill::count || question.skill == PlannerSkill::exist;
  const bool one = rng.chance(0.85);
  if (question.skill == PlannerSkill::compare) {
    const int first = compared_count(rng);
    add(first, question.subject);
    add(rng.chance(0.3) ? std::max(0, first + rng.between(-2, 2)) : compared_count(rng), question.reference);
  } else if (question.skill != PlannerSkill::what && question.skill != PlannerSkill::list) {
    add(counted ? random_count(rng) : one ? 1 : rng.between(0, 3), question.subject);
  }
  if (!question.relation.empty()) add(rng.chance(0.88) ? 1 : rng.between(0, 2), question.reference);
  const int others = rng.between(0, 4);
  for (int i = 0; i < others; ++i) objects.push_back(random_object(rng));
  for (KnownObject& object : objects) {
    object.box = random_box(rng);
    object.score = static_cast<float>(rng.uniform(0.3, 0.99));
  }
  rng.shuffle(objects);
  return objects;
}

std::string invent_caption(bool known_words_only, Rng& rng) {
  Scene scene{.image = Image(128, 128)};
  const int count = rng.chance(0.9) ? rng.between(1, 6) : rng.between(7, 9);
  for (int i = 0; i < count; ++i) {
    const KnownObject object = random_object(rng);
    scene.objects.push_back(
        {.name = *find_world_name(object.name), .color = *find_world_color(object.color), .box = random_box(rng)});
  }
  const std::string exact = exact_caption(scene, rng);
  if (known_words_only || rng.chance(0.5)) return exact;
  const double foreign_share = rng.uniform(0, 0.3);
  std::string caption;
  std::istringstream words(exact);
  for (std::string word; words >> word;) {
    if (rng.chance(foreign_share)) word = make_up_noun(rng).singular;
    for (int times = rng.chance(0.03) ? 2 : 1; times > 0; --times) caption.append(caption.empty() ? "" : " ").append(word);
  }
  if (rng.chance(0.3)) caption[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(caption[0])));
  return rng.chance(0.3) ? caption + "." : caption;
}

}  // namespace omma
