#include "omma/text/jinja/value.h"

#include <algorithm>

#include "omma/text/jinja/callable.h"
#include "omma/text/jinja/characters.h"

namespace omma::jinja {

namespace {

bool is_key(const Value& value) {
  if (value.mapping() != nullptr || value.loop() != nullptr) return false;
  const Sequence* sequence = value.sequence();
  if (sequence == nullptr) return true;
  return sequence->kind == SequenceKind::tuple && std::all_of(sequence->items.begin(), sequence->items.end(), is_key);
}

std::size_t deepest(const std::vector<Value>& items) {
  std::size_t depth = 0;
  for (const Value& item : items) depth = std::max(depth, depth_of(item));
  return depth;
}

}  // namespace

void fail_undefined(const Value& value) {
  const auto* undefined = std::get_if<Undefined>(&value.data);
  fail("{}", undefined != nullptr && undefined->why ? *undefined->why : "a value is undefined");
}

std::size_t depth_of(const Value& value) {
  if (const Sequence* sequence = value.sequence()) return sequence->depth;
  if (const Mapping* mapping = value.mapping()) return mapping->depth;
  if (const Loop* loop = value.loop()) return loop->depth;
  if (const Callable* callable = value.callable()) return callable->depth;
  return 0;
}

Value make_sequence(Budget& budget, SequenceKind kind, std::vector<Value> items, std::string name) {
  budget.spend(items.size() + 1);
  const std::size_t depth = deepest(items) + 1;
  budget.check_depth(depth);
  return Value::Data(std::make_shared<const Sequence>(Sequence{kind, std::move(items), depth, std::move(name)}));
}

Value make_mapping(Budget& budget, std::vector<std::pair<Value, Value>> items) {
  Mapping mapping{{}, 0};
  for (auto& [key, value] : items) {
    mapping.depth = std::max({mapping.depth, depth_of(key), depth_of(value)});
    if (const Value* there = mapping.find(budget, key)) {
      *const_cast<Value*>(there) = std::move(value);  // of our own, not yet shared mapping
    } else {
      mapping.items.emplace_back(std::move(key), std::move(value));
    }
  }
  budget.check_depth(++mapping.depth);
  return Value::Data(std::make_shared<const Mapping>(std::move(mapping)));
}

const Value* Mapping::find(Budget& budget, const Value& key) const {
  check(is_key(key), "a {} cannot be a key", type_name(key));
  budget.spend(items.size() / 8 + 1);
  for (const auto& [name, value] : items) {
    if (equal(budget, name, key)) return &value;
  }
  return nullptr;
}

Value* Namespace::find(Budget& budget, std::string_view name) {
  budget.spend_lookup(attributes.size());
  for (auto& [attribute, value] : attributes) {
    if (attribute == name) return &value;
  }
  return nullptr;
}

void Namespace::set(Budget& budget, const std::string& name, Value value) {
  if (Value* there = find(budget, name)) {
    *there = std::move(value);
  } else {
    attributes.emplace_back(name, std::move(value));
  }
}

std::string_view type_name(const Value& value) {
  static constexpr std::string_view kNames[] = {"undefined", "none", "bool",      "int",  "float",   "str",
                                                "",          "dict", "namespace", "loop", "function"};
  static constexpr std::string_view kSequences[] = {"list", "tuple", "range", "view of a dict", "generator"};
  if (const Sequence* sequence = value.sequence()) return kSequences[static_cast<int>(sequence->kind)];
  return kNames[value.data.index()];
}

std::optional<Number> number_of(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value.data)) return Number{false, *flag ? 1 : 0, *flag ? 1.0 : 0.0};
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) return Number{false, *integer, static_cast<double>(*integer)};
  if (const auto* real = std::get_if<double>(&value.data)) return Number{true, 0, *real};
  return std::nullopt;
}

bool is_true(const Value& value) {
  if (value.is<Undefined>() || value.is<None>()) return false;
  if (const auto number = number_of(value)) return number->real != 0;
  if (const MarkedText* text = value.text()) return !text->text.empty();
  if (const Mapping* mapping = value.mapping()) return !mapping->items.empty();
  const Sequence* sequence = value.sequence();
  return sequence == nullptr || sequence->kind == SequenceKind::generator || !sequence->items.empty();
}

namespace {

bool equal_numbers(const Number& a, const Number& b) {
  if (!a.is_float && !b.is_float) return a.integer == b.integer;
  return a.real == b.real;
}

bool equal_sequences(Budget& budget, const Sequence& a, const Sequence& b) {
  if (&a == &b) return true;
  const bool comparable = a.kind == b.kind && a.kind != SequenceKind::generator;
  if (!comparable || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!equal(budget, a.items[i], b.items[i])) return false;
  }
  return true;
}

bool equal_mappings(Budget& budget, const Mapping& a, const Mapping& b) {
  if (a.items.size() != b.items.size()) return false;
  for (const auto& [key, value] : a.items) {
    const Value* other = b.find(budget, key);
    if (other == nullptr || !equal(budget, value, *other)) return false;
  }
  return true;
}

}  // namespace

bool equal(Budget& budget, const Value& a, const Value& b) {
  budget.spend(1);
  if (const auto x = number_of(a), y = number_of(b); x || y) return x && y && equal_numbers(*x, *y);
  if (a.data.index() != b.data.index()) return false;
  if (a.text() != nullptr) {
    budget.spend(a.text()->size() / 64);
    return a.text()->text == b.text()->text;
  }
  if (a.sequence() != nullptr) return equal_sequences(budget, *a.sequence(), *b.sequence());
  if (a.mapping() != nullptr) return equal_mappings(budget, *a.mapping(), *b.mapping());
  if (a.name_space() != nullptr) return a.name_space() == b.name_space();
  if (a.loop() != nullptr) return a.loop() == b.loop();
  return a.callable() == b.callable();  // all others that are of one kind: undefined, none
}

bool less(Budget& budget, const Value& a, const Value& b) {
  budget.spend(1);
  if (a.is<Undefined>() || b.is<Undefined>()) fail_undefined(a.is<Undefined>() ? a : b);
  if (const auto x = number_of(a), y = number_of(b); x && y)
    return x->is_float || y->is_float ? x->real < y->real : x->integer < y->integer;
  if (a.text() != nullptr && b.text() != nullptr) {
    budget.spend(a.text()->size() / 64);
    return a.text()->text < b.text()->text;  // UTF-8 has the order of its characters
  }
  const Sequence *x = a.sequence(), *y = b.sequence();
  check(x != nullptr && y != nullptr && x->kind == y->kind && (x->kind == SequenceKind::list || x->kind == SequenceKind::tuple),
        "a {} and a {} have no order", type_name(a), type_name(b));
  for (std::size_t i = 0; i < x->items.size() && i < y->items.size(); ++i) {
    if (!equal(budget, x->items[i], y->items[i])) return less(budget, x->items[i], y->items[i]);
  }
  return x->items.size() < y->items.size();
}

bool contains(Budget& budget, const Value& container, const Value& element) {
  if (const MarkedText* text = container.text()) {
    check(element.text() != nullptr, "expected a str to look for in a str, got a {}", type_name(element));
    budget.spend_search(text->size(), element.text()->size());
    return text->text.find(element.text()->text) != std::string::npos;
  }
  if (const Mapping* mapping = container.mapping()) return mapping->find(budget, element) != nullptr;
  const Sequence* sequence = container.sequence();
  check(is_iterable(container), "a {} has no elements to look among", type_name(container));
  if (sequence == nullptr) return false;  // undefined
  for (std::size_t i = sequence->consumed; i < sequence->items.size(); ++i) {
    const bool found = equal(budget, sequence->items[i], element);
    if (sequence->kind == SequenceKind::generator) sequence->consumed = i + 1;
    if (found) return true;
  }
  return false;
}

bool is_iterable(const Value& value) {
  return value.is<Undefined>() || value.text() != nullptr || value.sequence() != nullptr || value.mapping() != nullptr;
}

std::optional<std::size_t> length_of(Budget& budget, const Value& value) {
  if (const MarkedText* text = value.text()) {
    budget.spend_bytes(text->size());
    return character_count(text->text);
  }
  if (const Mapping* mapping = value.mapping()) return mapping->items.size();
  if (const Loop* loop = value.loop()) return loop->items.size();
  if (value.is<Undefined>()) return 0;
  const Sequence* sequence = value.sequence();
  if (sequence == nullptr || sequence->kind == SequenceKind::generator) return std::nullopt;
  return sequence->items.size();
}

std::vector<Value> items_of(Budget& budget, const Value& value) {
  check(is_iterable(value), "cannot go through a {}", type_name(value));
  std::vector<Value> items;
  if (const MarkedText* text = value.text()) {
    budget.spend(text->size());
    for (std::size_t i = 0; i < text->size();) {
      const std::size_t end = i + utf8_size(text->text[i]);
      items.emplace_back(text->slice(i, end));
      i = end;
    }
  } else if (const Mapping* mapping = value.mapping()) {
    budget.spend(mapping->items.size());
    for (const auto& [key, element] : mapping->items) items.push_back(key);
  } else if (const Sequence* sequence = value.sequence()) {
    budget.spend(sequence->items.size() - sequence->consumed);
    items.assign(sequence->items.begin() + static_cast<std::ptrdiff_t>(sequence->consumed), sequence->items.end());
    if (sequence->kind == SequenceKind::generator) sequence->consumed = sequence->items.size();
  }
  return items;
}

}  // namespace omma::jinja
