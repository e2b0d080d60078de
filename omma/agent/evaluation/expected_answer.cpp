#include "omma/agent/evaluation/expected_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "omma/agent/evaluation/said_words.h"
#include "omma/base/error.h"

namespace omma {

namespace {

using Kind = ExpectedAnswer::Kind;

constexpr double right_iou = 0.5, share_tolerance = 0.1, points_tolerance = 0.5;
constexpr std::size_t max_parts = 8, max_listed = 256;

constexpr std::array<std::pair<std::string_view, Kind>, 14> kinds = {{{"number", Kind::number},
                                                                      {"yes", Kind::yes},
                                                                      {"name", Kind::name},
                                                                      {"names", Kind::names},
                                                                      {"color", Kind::color},
                                                                      {"place", Kind::place},
                                                                      {"side", Kind::side},
                                                                      {"text", Kind::text},
                                                                      {"share", Kind::share},
                                                                      {"mask", Kind::mask},
                                                                      {"refusal", Kind::refusal},
                                                                      {"talk", Kind::talk},
                                                                      {"all", Kind::all},
                                                                      {"any", Kind::any}}};

std::string read_word(const json& value, std::string_view where) {
  check(value.is_string() && !plain_words(value.get<std::string>()).empty(), "{}: expected words, got {}", where, dump_json(value));
  return value.get<std::string>();
}

double read_number(const json& value, double max, std::string_view where) {
  check(value.is_number() && value >= 0 && value <= max, "{}: expected a number from 0 to {}, got {}", where, max,
        dump_json(value));
  return value.get<double>();
}

const json& list_of(const json& value, std::size_t least, std::size_t most, std::string_view where) {
  check(value.is_array() && value.size() >= least && value.size() <= most, "{}: expected a list of {} to {}, got {}", where, least,
        most, dump_json(value));
  return value;
}

std::vector<int> read_objects(const json& value, std::string_view where) {
  std::set<int> objects;
  for (const json& object : list_of(value, 1, max_listed, where)) {
    check(object.is_number_integer() && object >= 0 && object < max_listed, "{}: expected numbers of objects, got {}", where,
          dump_json(object));
    objects.insert(object.get<int>());
  }
  return {objects.begin(), objects.end()};
}

std::vector<std::string> read_names(const json& value, std::string_view where) {
  std::set<std::string> names;
  for (const json& name : list_of(value, 1, max_listed, where)) names.insert(read_word(name, where));
  return {names.begin(), names.end()};
}

void read_value(ExpectedAnswer& answer, const json& value, const std::string& where) {
  switch (answer.kind) {
    case Kind::number:
      answer.number = read_number(value, 1e9, where);
      break;
    case Kind::share:
      answer.number = read_number(value, 100, where);
      break;
    case Kind::yes:
      check(value.is_boolean(), "{}: expected true or false, got {}", where, dump_json(value));
      answer.yes = value.get<bool>();
      break;
    case Kind::refusal:
    case Kind::talk:
      check(value == true, "{}: expected true, got {}", where, dump_json(value));
      break;
    case Kind::names:
      answer.names = read_names(value, where);
      break;
    case Kind::mask:
      answer.objects = read_objects(value, where);
      break;
    case Kind::all:
    case Kind::any:
      for (const json& part : list_of(value, 2, max_parts, where)) answer.parts.push_back(read_expected_answer(part, where));
      break;
    default:
      answer.text = read_word(value, where);
  }
}

bool says_side(std::string_view text, const std::string& side) {
  std::set<std::string> across = places_in(text);
  std::erase_if(across, [](const std::string& place) { return place != "left" && place != "right"; });
  return across == std::set<std::string>{side};
}

bool says_color(std::string_view text, const std::string& color) {
  const std::vector<std::string> colors = colors_in(text);
  return !colors.empty() && colors.front() == plain_words(color).back();
}

bool says_share(std::string_view text, double share) {
  const std::optional<double> said = first_decimal(text);
  return said && std::abs(*said - share) <= std::max(points_tolerance, share_tolerance * share);
}

bool says_text(const std::string& text, const std::string& expected, const ThingNames& names) {
  std::set<std::string> said;
  for (const std::string& word : plain_words(text)) said.insert({word, names.plain(word)});
  return std::ranges::all_of(plain_words(expected), [&](const std::string& word) {
    return said.contains(word) || said.contains(word + "s") || said.contains(word + "es") || said.contains(names.plain(word));
  });
}

bool says_names(const std::string& text, const std::vector<std::string>& expected, const ThingNames& names) {
  const std::vector<std::string> said = names.said_in(text);
  std::set<std::string> wanted, found(said.begin(), said.end());
  for (const std::string& name : expected) wanted.insert(names.plain(name));
  found.erase(names.plain("thing"));  // "three things: ..."
  return found == wanted;
}

// "dog" of "red dog", which is right where "the red one" is not asked for.
bool says_name(const std::string& text, const std::string& expected, const ThingNames& names) {
  const std::vector<std::string> said = names.said_in(text), wanted = names.said_in(expected);
  if (wanted.empty()) return says_text(text, expected, names);
  return !said.empty() && said.front() == wanted.back();
}

// Whether `wanted` is in `said` in this order, other things between.
template <class T>
bool in_order(const std::vector<T>& said, const std::vector<T>& wanted) {
  auto at = said.begin();
  for (const T& one : wanted) {
    at = std::find(at, said.end(), one);
    if (at == said.end()) return false;
    ++at;
  }
  return true;
}

// What a part of an answer must say among those of its kind; nothing where it is judged by itself.
void collect(const ExpectedAnswer& part, std::vector<double>& numbers, std::vector<bool>& truths,
             std::vector<std::string>& colors) {
  if (part.kind == Kind::number) numbers.push_back(part.number);
  if (part.kind == Kind::yes) truths.push_back(part.yes);
  if (part.kind == Kind::color) colors.push_back(plain_words(part.text).back());
}

bool says_all(const ExpectedAnswer& expected, const SaidAnswer& said, const ThingNames& names) {
  std::vector<double> numbers;
  std::vector<bool> truths;
  std::vector<std::string> colors;
  for (const ExpectedAnswer& part : expected.parts) collect(part, numbers, truths, colors);
  const auto by_itself = [&](const ExpectedAnswer& part) {
    return part.kind == Kind::number || part.kind == Kind::yes || part.kind == Kind::color || is_right(part, said, names);
  };
  return in_order(numbers_in(said.text), numbers) && in_order(truths_in(said.text), truths) &&
         in_order(colors_in(said.text), colors) && std::ranges::all_of(expected.parts, by_itself);
}

template <class List>
std::string listed(const List& parts, auto text) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : ", ") + text(part);
  return all;
}

}  // namespace

ExpectedAnswer read_expected_answer(const json& answer, std::string_view where) {
  check(answer.is_object() && answer.size() == 1, "{}: expected an object of one member, got {}", where, dump_json(answer));
  const std::string key = answer.begin().key();
  const auto known = std::ranges::find_if(kinds, [&](const auto& kind) { return kind.first == key; });
  check(known != kinds.end(), "{}: unknown kind \"{}\"", where, key);
  ExpectedAnswer expected;
  expected.kind = known->second;
  read_value(expected, answer.begin().value(), fmt::format("{}.{}", where, key));
  return expected;
}

std::string text_of(const ExpectedAnswer& expected) {
  switch (expected.kind) {
    case Kind::number:
      return fmt::format("{:g}", expected.number);
    case Kind::share:
      return fmt::format("{:.1f} %", expected.number);
    case Kind::yes:
      return expected.yes ? "yes" : "no";
    case Kind::names:
      return listed(expected.names, [](const std::string& name) { return name; });
    case Kind::all:
      return listed(expected.parts, [](const ExpectedAnswer& part) { return text_of(part); });
    case Kind::any:
      return text_of(expected.parts.front());
    case Kind::refusal:
      return "I cannot do that.";
    case Kind::talk:
      return "All right.";
    case Kind::mask:
      return "";
    default:
      return expected.text;
  }
}

bool is_right(const ExpectedAnswer& expected, const SaidAnswer& said, const ThingNames& names) {
  switch (expected.kind) {
    case Kind::number:
      return first_count(said.text) == expected.number;
    case Kind::share:
      return says_share(said.text, expected.number);
    case Kind::yes:
      return truth_of(said.text) == expected.yes;
    case Kind::name:
      return says_name(said.text, expected.text, names);
    case Kind::names:
      return says_names(said.text, expected.names, names);
    case Kind::color:
      return says_color(said.text, expected.text);
    case Kind::place:
      return places_in(said.text) == places_in(expected.text);
    case Kind::side:
      return says_side(said.text, expected.text);
    case Kind::text:
      return says_text(said.text, expected.text, names);
    case Kind::mask:
      return said.mask_iou >= right_iou;
    case Kind::refusal:
      return is_refusal(said.text);
    case Kind::talk:
      return !plain_words(said.text).empty();
    case Kind::all:
      return says_all(expected, said, names);
    case Kind::any:
      return std::ranges::any_of(expected.parts, [&](const ExpectedAnswer& part) { return is_right(part, said, names); });
  }
  return false;
}

}  // namespace omma
