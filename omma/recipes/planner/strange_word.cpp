#include "omma/recipes/planner/strange_word.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>
#include <utility>

#include "omma/recipes/planner/question_templates.h"

namespace omma {

namespace {

constexpr char strange = '_';  // in place of a word

// A wording in a form in which those that may be the same sentence are the same: names are all "#", relations "@", articles and
// what people put around a question are left out.
using Skeleton = std::vector<std::string>;

constexpr std::array<std::string_view, 12> left_out = {"a",   "all",    "an", "any",    "every", "here",
                                                       "now", "please", "so", "thanks", "the",   "this"};

// Those of one meaning under one of them; objects and things are names, too.
const std::map<std::string_view, std::string_view> same_words = {
    {"are", "is"},   {"colour", "color"}, {"do", "does"},       {"everything", "#"},  {"frame", "picture"}, {"image", "picture"},
    {"object", "#"}, {"objects", "#"},    {"photo", "picture"}, {"scene", "picture"}, {"shot", "picture"},  {"thing", "#"},
    {"things", "#"}, {"{does}", "does"},  {"{is}", "is"},       {"{r}", "@"},         {"{s}", "#"},         {"{p}", "#"},
    {"{a}", "#"},    {"{S}", "#"},        {"{P}", "#"},         {"{A}", "#"},         {"{n}", "#"},         {"{N}", "#"}};

// They tell by themselves what is asked: nobody could guess it from "Do you know the ... of the dog?", whatever else is taught.
constexpr auto telling = std::to_array<std::string_view>(
    {"area",    "caption",      "color",    "colour",    "count",   "cut",     "cutout",   "describe", "description",
     "hue",     "list",         "location", "mask",      "number",  "objects", "overview", "position", "quantity",
     "segment", "segmentation", "size",     "summarize", "summary", "tally",   "things",   "where",    "whereabouts"});

bool is_word_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == strange; }

std::size_t word_end(std::string_view text, std::size_t begin) {
  while (begin < text.size() && is_word_letter(text[begin])) ++begin;
  return begin;
}

std::string lower_case(std::string_view word) {
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

Skeleton skeleton_of(std::string_view wording) {
  Skeleton words;
  for (std::size_t i = 0; i < wording.size();) {
    const bool field = wording[i] == '{';
    const std::size_t end = field ? wording.find('}', i) + 1 : word_end(wording, i);
    std::string word(wording.substr(i, end - i));
    i = std::max(end, i + 1);
    if (!field) word = lower_case(word);
    if (word.empty() || std::ranges::find(left_out, word) != left_out.end()) continue;
    if (const auto same = same_words.find(word); same != same_words.end()) word = same->second;
    if (word == "picture" && !words.empty() && words.back() == "in")
      words.pop_back();
    else
      words.push_back(word);
  }
  return words;
}

// With each of the ways in which question.cpp says what is cut out.
std::vector<Skeleton> skeletons_of(const std::string& wording) {
  const std::size_t meant = wording.find("{m}");
  if (meant == std::string::npos) return {skeleton_of(wording)};
  std::vector<Skeleton> all;
  for (const char* words : {"{s}", "{s} {r} {S}", "what is {r} {S}", "that is {r} {S}"})
    all.push_back(skeleton_of(std::string(wording).replace(meant, 3, words)));
  return all;
}

// Asked in the same sentences, and told by what is cut out.
PlannerSkill family_of(PlannerSkill skill) { return skill == PlannerSkill::mask_relation ? PlannerSkill::cut_out : skill; }

const std::vector<std::pair<PlannerSkill, Skeleton>>& all_skeletons() {
  static const auto all = [] {
    std::vector<std::pair<PlannerSkill, Skeleton>> made;
    for (int i = 0; i < planner_skill_count; ++i)
      for (const std::string_view wording : wordings_of(static_cast<PlannerSkill>(i)))
        for (Skeleton& skeleton : skeletons_of(std::string(wording)))
          made.emplace_back(family_of(static_cast<PlannerSkill>(i)), std::move(skeleton));
    return made;
  }();
  return all;
}

bool may_be_the_same(const Skeleton& with_strange, const Skeleton& other) {
  return std::ranges::equal(with_strange, other,
                            [](const std::string& a, const std::string& b) { return a == b || a == std::string(1, strange); });
}

bool may_ask_for_another(PlannerSkill skill, const std::string& with_strange) {
  const std::vector<Skeleton> ours = skeletons_of(with_strange);
  return std::ranges::any_of(all_skeletons(), [&](const auto& theirs) {
    return theirs.first != family_of(skill) &&
           std::ranges::any_of(ours, [&](const Skeleton& each) { return may_be_the_same(each, theirs.second); });
  });
}

// "dog trabble" and "trabble dogs" are names, too.
bool is_beside_a_name(std::string_view wording, WordPlace place) {
  const auto is_name = [](std::string_view field) {
    return field.size() == 3 && field[0] == '{' && field != "{r}" && field[2] == '}';
  };
  const std::size_t end = place.begin + place.length;
  const bool behind = place.begin >= 4 && wording[place.begin - 1] == ' ' && is_name(wording.substr(place.begin - 4, 3));
  return behind || (wording.substr(end).starts_with(' ') && is_name(wording.substr(end + 1, 3)));
}

}  // namespace

std::vector<WordPlace> replaceable_words(PlannerSkill skill, std::string_view wording) {
  std::vector<WordPlace> places;
  for (std::size_t i = 0; i < wording.size();) {
    const bool field = wording[i] == '{';
    const std::size_t end = field ? wording.find('}', i) + 1 : word_end(wording, i);
    const WordPlace place{.begin = i, .length = end - i};
    i = std::max(end, i + 1);
    if (field || place.length == 0 || is_beside_a_name(wording, place)) continue;
    if (std::ranges::find(telling, lower_case(wording.substr(place.begin, place.length))) != telling.end()) continue;
    if (!may_ask_for_another(skill, std::string(wording).replace(place.begin, place.length, 1, strange))) places.push_back(place);
  }
  return places;
}

}  // namespace omma
