#include "omma/recipes/planner/question.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "omma/agent/tools/detect_objects.h"
#include "omma/data/world/split.h"
#include "omma/data/world/words.h"
#include "omma/recipes/planner/made_up_words.h"
#include "omma/recipes/planner/off_topic.h"
#include "omma/recipes/planner/question_templates.h"
#include "omma/recipes/planner/strange_word.h"

namespace omma {

namespace {

using Words = std::span<const std::string_view>;

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
  return {.singular = name, .plural = name + "s"};
}

// "to the left of" and "under" are how people ask; the tool says "left of" and "below".
std::string asked_relation(const std::string& relation, Rng& rng) {
  if (relation.empty() || rng.chance(0.5)) return relation;
  if (relation == "below") return "under";
  return relation == "left of" || relation == "right of" ? "to the " + relation : relation;
}

// What is cut out, as people say it.
struct MeantObject {
  std::string words = {};
  bool several = false;
};

constexpr std::array<std::string_view, 7> whatever = {"what is",     "what is",   "what is",   "everything",
                                                      "all that is", "the thing", "the object"};

MeantObject meant_object(const PlannerQuestion& question, Rng& rng) {
  const NounPhrase& subject = question.subject;
  MeantObject meant;
  if (question.which == "best")
    meant.words = rng.chance(0.7) ? with_article(subject.singular) : "one " + subject.singular;
  else if (!question.which.empty())
    meant.words =
        fmt::format("the {} {}", question.which == "largest" && rng.chance(0.3) ? "biggest" : question.which, subject.singular);
  else if (subject.means_anything() && question.relation.empty())
    meant = rng.chance(0.5) ? MeantObject{.words = "everything"} : MeantObject{.words = "all " + subject.plural, .several = true};
  else if (subject.means_anything())
    meant.words = rng.pick(Words(whatever));
  else if (rng.chance(0.3))
    meant = {.words = (rng.chance(0.7) ? "the " : "all ") + subject.plural, .several = true};
  else
    meant.words = (rng.chance(0.9) ? "the " : "every ") + subject.singular;
  if (!question.relation.empty())
    meant.words += fmt::format(" {} the {}", asked_relation(question.relation, rng), question.reference.singular);
  return meant;
}

std::string fill(std::string_view pattern, const PlannerQuestion& question, Rng& rng) {
  const MeantObject meant = asks_for_mask(question.skill) ? meant_object(question, rng) : MeantObject();
  const NounPhrase &subject = question.subject, &reference = question.reference;
  const std::map<std::string_view, std::string> fields = {{"s", subject.singular},
                                                          {"p", subject.plural},
                                                          {"a", with_article(subject.singular)},
                                                          {"S", reference.singular},
                                                          {"P", reference.plural},
                                                          {"A", with_article(reference.singular)},
                                                          {"r", asked_relation(question.relation, rng)},
                                                          {"m", meant.words},
                                                          {"is", meant.several ? "are" : "is"},
                                                          {"does", meant.several ? "do" : "does"}};
  std::string text;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    text += pattern.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = pattern.find('}', open);
    text += fields.at(pattern.substr(open + 1, close - open - 1));
    pattern.remove_prefix(close + 1);
  }
  return text;
}

// One of the sentence's own words becomes one that nobody knows: the others have to do, as in a wording that is not taught.
std::string with_strange_word(PlannerSkill skill, std::string wording, Rng& rng) {
  const std::vector<WordPlace> places = replaceable_words(skill, wording);
  if (places.empty()) return wording;
  const WordPlace place = rng.pick(std::span<const WordPlace>(places));
  return wording.replace(place.begin, place.length, invented_word(rng));
}

// Whether it is still that question with a word unknown. Not "Are there more {p} than {P}?".
bool may_be_strange(PlannerSkill skill) { return skill != PlannerSkill::compare && skill != PlannerSkill::off_topic; }

// People forget the question mark and capitals.
std::string typed(std::string text, Rng& rng) {
  if (rng.chance(0.06) && std::ispunct(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  if (rng.chance(0.06)) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

// "the largest red car", "a dog", "what is left of the tree": what is to be cut out.
void draw_meant_object(PlannerQuestion& question, Rng& rng) {
  const PlannerSkill skill = question.skill;
  const bool related = skill == PlannerSkill::mask_relation || (skill == PlannerSkill::describe_cut_out && rng.chance(0.5));
  if (related || (skill == PlannerSkill::cut_out && rng.chance(0.15))) {
    if (related && rng.chance(0.85)) question.subject = draw_anything(rng);
    question.relation = rng.pick(question.subject.means_anything() ? Words(relation_words).first(4) : Words(relation_words));
    return;
  }
  if (rng.chance(0.08)) question.subject = draw_anything(rng);
  const double draw = rng.uniform();
  question.which = draw < 0.22                                        ? "largest"
                   : draw < 0.32                                      ? "smallest"
                   : draw < 0.4 && !question.subject.means_anything() ? "best"
                                                                      : "";
  const bool by_size = question.which == "largest" || question.which == "smallest";
  if (by_size && !question.subject.size.empty()) question.which = "";  // "the largest small dog"
}

}  // namespace

bool asks_for_mask(PlannerSkill skill) {
  return skill == PlannerSkill::cut_out || skill == PlannerSkill::area || skill == PlannerSkill::mask_relation ||
         skill == PlannerSkill::describe_cut_out;
}

PlannerQuestion make_planner_question(PlannerSkill skill, bool known_words_only, Rng& rng) {
  PlannerQuestion question{.skill = skill};
  const double color_chance = skill == PlannerSkill::color ? 0 : 0.45;
  question.subject = draw_phrase(known_words_only, color_chance, rng);
  if (skill == PlannerSkill::count && rng.chance(0.06)) question.subject = draw_anything(rng);
  do {
    question.reference = draw_phrase(known_words_only, color_chance, rng);
  } while (question.reference.singular == question.subject.singular);
  if (skill == PlannerSkill::relation) question.relation = rng.pick(Words(relation_words));
  if (skill == PlannerSkill::what || skill == PlannerSkill::exist_relation)
    question.relation = rng.pick(Words(relation_words).first(4));
  if (asks_for_mask(skill)) draw_meant_object(question, rng);
  question.fewer = skill == PlannerSkill::compare && rng.chance(0.5);
  std::string text = skill == PlannerSkill::off_topic ? off_topic_sentence(rng) : question_template(question, rng);
  if (!known_words_only && may_be_strange(skill) && rng.chance(0.25)) text = with_strange_word(skill, std::move(text), rng);
  if (skill != PlannerSkill::off_topic) text = fill(text, question, rng);
  question.text = typed(with_courtesies(text, rng), rng);
  return question;
}

}  // namespace omma
