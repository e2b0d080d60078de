// The values of a template, with Python's meaning: what counts as true, as equal, as a key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "omma/text/jinja/budget.h"
#include "omma/text/marked_text.h"

namespace omma::jinja {

struct Sequence;
struct Mapping;
struct Namespace;
struct Loop;
struct Callable;

// What a name or an element that is not there gives: prints as nothing, is false, has no elements; all else is an error.
struct Undefined {
  std::shared_ptr<const std::string> why = nullptr;
};
struct None {};

// Immutable, all but namespaces and loops. Cheap to copy.
struct Value {
  using Data =
      std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const MarkedText>, std::shared_ptr<const Sequence>,
                   std::shared_ptr<const Mapping>, Namespace*, std::shared_ptr<Loop>, std::shared_ptr<const Callable>>;
  Data data;

  Value() = default;
  Value(Data from) : data(std::move(from)) {}
  Value(bool from) : data(from) {}
  Value(std::int64_t from) : data(from) {}
  Value(double from) : data(from) {}
  Value(MarkedText from) : data(std::make_shared<const MarkedText>(std::move(from))) {}
  static Value text_of(std::string text) { return MarkedText::trusted(std::move(text)); }
  static Value none() { return Data(None{}); }
  static Value undefined(std::string why) { return Data(Undefined{std::make_shared<const std::string>(std::move(why))}); }
  static Value count(std::size_t number) { return static_cast<std::int64_t>(number); }

  template <class T>
  bool is() const {
    return std::holds_alternative<T>(data);
  }
  // nullptr for a value of another kind
  const MarkedText* text() const { return pointer<const MarkedText>(); }
  const Sequence* sequence() const { return pointer<const Sequence>(); }
  const Mapping* mapping() const { return pointer<const Mapping>(); }
  Namespace* name_space() const {
    const auto* held = std::get_if<Namespace*>(&data);
    return held == nullptr ? nullptr : *held;
  }
  Loop* loop() const { return pointer<Loop>(); }
  const Callable* callable() const { return pointer<const Callable>(); }

 private:
  template <class T>
  T* pointer() const {
    const auto* held = std::get_if<std::shared_ptr<T>>(&data);
    return held == nullptr ? nullptr : held->get();
  }
};

// A generator is what filters such as select() give: it has no length and no elements by number, and each element only once.
enum class SequenceKind { list, tuple, range, view, generator };

struct Sequence {
  SequenceKind kind = SequenceKind::list;
  std::vector<Value> items = {};
  std::size_t depth = 1;             // lists in lists in ...
  std::string name = {};             // of a view: "dict_items"; of a range: how it prints
  mutable std::size_t consumed = 0;  // of a generator's items
};

struct Mapping {
  std::vector<std::pair<Value, Value>> items;  // in the order of insertion
  std::size_t depth = 1;
  const Value* find(Budget& budget, const Value& key) const;  // nullptr where it is not there
};

// namespace(): attributes that a template may set, even to the namespace itself: the budget keeps them, values only point.
struct Namespace {
  std::vector<std::pair<std::string, Value>> attributes;
  Value* find(Budget& budget, std::string_view name);
  void set(Budget& budget, const std::string& name, Value value);
};

Value make_sequence(Budget& budget, SequenceKind kind, std::vector<Value> items, std::string name = "");
inline Value make_list(Budget& budget, std::vector<Value> items) {
  return make_sequence(budget, SequenceKind::list, std::move(items));
}
inline Value make_tuple(Budget& budget, std::vector<Value> items) {
  return make_sequence(budget, SequenceKind::tuple, std::move(items));
}
// Of keys that are equal the first counts, with the last one's value. Throws where one cannot be a key.
Value make_mapping(Budget& budget, std::vector<std::pair<Value, Value>> items);

std::size_t depth_of(const Value& value);  // of what it holds; 0 for a plain one
bool is_true(const Value& value);
std::string_view type_name(const Value& value);  // as Python calls it

// true and false count as 1 and 0.
struct Number {
  bool is_float;
  std::int64_t integer;
  double real;  // the same number
};
std::optional<Number> number_of(const Value& value);

bool equal(Budget& budget, const Value& a, const Value& b);
bool less(Budget& budget, const Value& a, const Value& b);  // throws where Python has no order
bool contains(Budget& budget, const Value& container, const Value& element);

// What a loop over the value visits: elements, keys, characters. Throws for what cannot be iterated over.
std::vector<Value> items_of(Budget& budget, const Value& value);
bool is_iterable(const Value& value);
std::optional<std::size_t> length_of(Budget& budget, const Value& value);  // nothing where it has no length

[[noreturn]] void fail_undefined(const Value& value);

}  // namespace omma::jinja
