// Methods of texts, dicts and lists.
#include <algorithm>
#include <array>

#include "omma/text/jinja/callable.h"
#include "omma/text/jinja/characters.h"
#include "omma/text/jinja/format.h"
#include "omma/text/jinja/lines.h"

namespace omma::jinja {

namespace {

const MarkedText& own(const Value& self) { return *self.text(); }

Value parts_of(Budget& budget, const MarkedText& text, const std::vector<TextSpan>& spans) {
  budget.spend_bytes(text.size());
  std::vector<Value> parts;
  parts.reserve(spans.size());
  for (const TextSpan& span : spans) parts.emplace_back(text.slice(span.begin, span.end));
  return make_list(budget, std::move(parts));
}

template <Sides sides>
Value strip_method(Budget& budget, const Value& self, const Arguments& arguments) {
  return strip_characters(budget, own(self), sides, arguments[0]);
}

template <bool from_end>
Value split(Budget& budget, const Value& self, const Arguments& arguments) {
  const MarkedText& text = own(self);
  const std::int64_t most = arguments.integer(1, -1);
  budget.spend(text.size());
  if (!arguments.has(0) || arguments[0].is<None>()) return parts_of(budget, text, cut_at_spaces(text.text, most, from_end));
  budget.spend_search(text.size(), arguments.text(0).size());
  return parts_of(budget, text, cut_at(text.text, arguments.text(0).text, most, from_end));
}

Value splitlines(Budget& budget, const Value& self, const Arguments& arguments) {
  budget.spend(own(self).size());
  return parts_of(budget, own(self), lines_of(own(self).text, arguments.flag(0)));
}

// The text before the separator, the separator, the text after.
template <bool from_end>
Value partition(Budget& budget, const Value& self, const Arguments& arguments) {
  const MarkedText &text = own(self), &separator = arguments.text(0);
  budget.spend_search(text.size(), separator.size());
  const auto parts = cut_at(text.text, separator.text, 1, from_end);
  const Value nothing = Value::text_of("");
  if (parts.size() == 1)
    return from_end ? make_tuple(budget, {nothing, nothing, self}) : make_tuple(budget, {self, nothing, nothing});
  return make_tuple(
      budget, {text.slice(0, parts[0].end), text.slice(parts[0].end, parts[1].begin), text.slice(parts[1].begin, text.size())});
}

Value replace(Budget& budget, const Value& self, const Arguments& arguments) {
  return replaced(budget, own(self), arguments.text(0), arguments.text(1), arguments.integer(2, -1));
}

bool has_affix(std::string_view text, std::string_view affix, bool at_end) {
  return at_end ? text.ends_with(affix) : text.starts_with(affix);
}

template <bool at_end>
Value has_affix_method(Budget& budget, const Value& self, const Arguments& arguments) {
  const Sequence* choices = arguments[0].sequence();
  if (choices == nullptr || choices->kind != SequenceKind::tuple) return has_affix(own(self).text, arguments.text(0).text, at_end);
  budget.spend(choices->items.size());
  const auto fits = [&](const Value& choice) {
    check(choice.text() != nullptr, "expected strs in the tuple, got a {}", type_name(choice));
    return has_affix(own(self).text, choice.text()->text, at_end);
  };
  return std::any_of(choices->items.begin(), choices->items.end(), fits);
}

template <bool at_end>
Value without_affix(Budget& budget, const Value& self, const Arguments& arguments) {
  const MarkedText &text = own(self), &affix = arguments.text(0);
  budget.spend_bytes(text.size());
  if (!has_affix(text.text, affix.text, at_end)) return self;
  return at_end ? text.slice(0, text.size() - affix.size()) : text.slice(affix.size(), text.size());
}

template <MarkedText (*change)(Budget&, const MarkedText&)>
Value changed_case(Budget& budget, const Value& self, const Arguments&) {
  return change(budget, own(self));
}

template <CharacterClass wanted>
Value all_are_method(Budget& budget, const Value& self, const Arguments&) {
  budget.spend_bytes(own(self).size());
  return all_are(own(self).text, wanted);
}

Value join(Budget& budget, const Value& self, const Arguments& arguments) {
  TextBuilder out(budget);
  const std::vector<Value> items = items_of(budget, arguments[0]);
  for (std::size_t i = 0; i < items.size(); ++i) {
    check(items[i].text() != nullptr, "expected strs to join, got a {}", type_name(items[i]));
    if (i > 0) out.add(own(self));
    out.add(*items[i].text());
  }
  return out.finish();
}

// The character where it is found, -1 where it is not.
std::int64_t place_of(Budget& budget, const Value& self, const Arguments& arguments, bool from_end) {
  const std::string &text = own(self).text, &wanted = arguments.text(0).text;
  budget.spend_search(text.size(), wanted.size());
  const std::size_t at = from_end ? text.rfind(wanted) : text.find(wanted);
  if (at == std::string::npos) return -1;
  return static_cast<std::int64_t>(character_count(std::string_view(text).substr(0, at)));
}

template <bool from_end>
Value find(Budget& budget, const Value& self, const Arguments& arguments) {
  return place_of(budget, self, arguments, from_end);
}

Value index_in_text(Budget& budget, const Value& self, const Arguments& arguments) {
  const std::int64_t place = place_of(budget, self, arguments, false);
  check(place >= 0, "index(): the str is not there");
  return place;
}

Value count_in_text(Budget& budget, const Value& self, const Arguments& arguments) {
  const std::string& wanted = arguments.text(0).text;
  budget.spend_search(own(self).size(), wanted.size());
  if (wanted.empty()) return Value::count(character_count(own(self).text) + 1);
  return Value::count(cut_at(own(self).text, wanted, -1, false).size() - 1);
}

Value format_method(Budget& budget, const Value& self, const Arguments& arguments) {
  return format_braces(budget, own(self), arguments);
}

constexpr Function kTextMethods[] = {{"strip", "/chars", 0, strip_method<Sides{}>},
                                     {"lstrip", "/chars", 0, strip_method<Sides{.right = false}>},
                                     {"rstrip", "/chars", 0, strip_method<Sides{.left = false}>},
                                     {"split", "sep maxsplit", 0, split<false>},
                                     {"rsplit", "sep maxsplit", 0, split<true>},
                                     {"splitlines", "keepends", 0, splitlines},
                                     {"partition", "/sep", 1, partition<false>},
                                     {"rpartition", "/sep", 1, partition<true>},
                                     {"replace", "/old /new /count", 2, replace},
                                     {"startswith", "/prefix", 1, has_affix_method<false>},
                                     {"endswith", "/suffix", 1, has_affix_method<true>},
                                     {"removeprefix", "/prefix", 1, without_affix<false>},
                                     {"removesuffix", "/suffix", 1, without_affix<true>},
                                     {"upper", "", 0, changed_case<to_upper>},
                                     {"lower", "", 0, changed_case<to_lower>},
                                     {"capitalize", "", 0, changed_case<to_capitalized>},
                                     {"title", "", 0, changed_case<to_title>},
                                     {"join", "/iterable", 1, join},
                                     {"find", "/sub", 1, find<false>},
                                     {"rfind", "/sub", 1, find<true>},
                                     {"index", "/sub", 1, index_in_text},
                                     {"count", "/sub", 1, count_in_text},
                                     {"format", "*", 0, format_method},
                                     {"isalpha", "", 0, all_are_method<CharacterClass::alphabetic>},
                                     {"isalnum", "", 0, all_are_method<CharacterClass::alphanumeric>},
                                     {"isdigit", "", 0, all_are_method<CharacterClass::digit>},
                                     {"isdecimal", "", 0, all_are_method<CharacterClass::digit>},
                                     {"isspace", "", 0, all_are_method<CharacterClass::space>},
                                     {"isupper", "", 0, all_are_method<CharacterClass::upper>},
                                     {"islower", "", 0, all_are_method<CharacterClass::lower>}};

// A view of a dict: its keys, values or both.
template <bool keys, bool values>
Value view(Budget& budget, const Value& self, const Arguments&) {
  std::vector<Value> items;
  for (const auto& [key, value] : self.mapping()->items)
    items.push_back(keys && values ? make_tuple(budget, {key, value}) : keys ? key : value);
  return make_sequence(budget, SequenceKind::view, std::move(items),
                       keys && values ? "dict_items"
                       : keys         ? "dict_keys"
                                      : "dict_values");
}

Value get(Budget& budget, const Value& self, const Arguments& arguments) {
  const Value* found = self.mapping()->find(budget, arguments[0]);
  if (found != nullptr) return *found;
  return arguments.positional.size() > 1 && arguments.has(1) ? arguments[1] : Value::none();
}

Value copy(Budget&, const Value& self, const Arguments&) { return self; }  // nothing changes either of them

constexpr Function kMappingMethods[] = {{"keys", "", 0, view<true, false>},
                                        {"values", "", 0, view<false, true>},
                                        {"items", "", 0, view<true, true>},
                                        {"get", "/key /default", 1, get},
                                        {"copy", "", 0, copy}};

Value index_in_list(Budget& budget, const Value& self, const Arguments& arguments) {
  const auto& items = self.sequence()->items;
  const auto found = std::find_if(items.begin(), items.end(), [&](const Value& item) { return equal(budget, item, arguments[0]); });
  check(found != items.end(), "index(): the value is not there");
  return static_cast<std::int64_t>(found - items.begin());
}

Value count_in_list(Budget& budget, const Value& self, const Arguments& arguments) {
  const auto& items = self.sequence()->items;
  return static_cast<std::int64_t>(
      std::count_if(items.begin(), items.end(), [&](const Value& item) { return equal(budget, item, arguments[0]); }));
}

constexpr Function kSequenceMethods[] = {
    {"index", "/value", 1, index_in_list}, {"count", "/value", 1, count_in_list}, {"copy", "", 0, copy}};

// What Python's types have beside these: the sandbox hides what changes a value, the rest is not built.
constexpr std::string_view kHidden[] = {"clear",  "pop",    "popitem", "setdefault", "update", "append",
                                        "extend", "insert", "remove",  "reverse",    "sort"};
constexpr std::string_view kUnbuilt[] = {"casefold",  "center",       "encode",    "expandtabs",  "format_map", "isascii",
                                         "isdecimal", "isidentifier", "isnumeric", "isprintable", "istitle",    "ljust",
                                         "maketrans", "rindex",       "rjust",     "swapcase",    "translate",  "zfill"};

template <std::size_t n>
bool is_among(const std::string_view (&names)[n], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

std::optional<Value> find_method(const Value& self, std::string_view name) {
  const auto hidden = [&] { return Value::undefined(fmt::format("'{}' of a {} is hidden from templates", name, type_name(self))); };
  if (name.starts_with("__")) return hidden();
  const Sequence* sequence = self.sequence();
  const bool is_list = sequence != nullptr && (sequence->kind == SequenceKind::list || sequence->kind == SequenceKind::tuple);
  std::span<const Function> table;
  if (self.text() != nullptr) table = kTextMethods;
  if (self.mapping() != nullptr) table = kMappingMethods;
  if (is_list) table = kSequenceMethods;
  if (const Function* method = find_function(table, name)) return bind_function(*method, self);
  if (self.text() != nullptr) check(!is_among(kUnbuilt, name), "method '{}' of a str is not one that omma knows", name);
  if (self.mapping() != nullptr && is_among(kHidden, name) && name.size() > 2) {
    constexpr std::string_view kOfLists[] = {"append", "extend", "insert", "remove", "reverse", "sort"};
    return is_among(kOfLists, name) ? std::nullopt : std::optional(hidden());
  }
  if (is_list && is_among(kHidden, name)) return hidden();
  return std::nullopt;
}

}  // namespace omma::jinja
