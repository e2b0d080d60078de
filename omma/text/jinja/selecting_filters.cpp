// Filters that apply another filter or a test to each element, named by a text.
#include <algorithm>

#include "omma/text/jinja/tables.h"

namespace omma::jinja {

namespace {

// The arguments after the first `count`.
Arguments rest_of(const Arguments& arguments, std::size_t count) {
  const auto begin = arguments.positional.begin() + static_cast<std::ptrdiff_t>(count);
  return {{begin, arguments.positional.end()}, arguments.named};
}

const std::string& name_in(const Arguments& arguments, std::size_t place, std::string_view what) {
  check(arguments.positional.size() > place && arguments[place].text() != nullptr, "expected the name of a {}", what);
  return arguments[place].text()->text;
}

Value map(Budget& budget, const Value& self, const Arguments& arguments) {
  std::vector<Value> mapped;
  const Value* attribute = arguments.positional.empty() ? arguments.find("attribute") : nullptr;
  const Value* otherwise = arguments.find("default");
  check(attribute == nullptr || arguments.named.size() == (otherwise == nullptr ? 1U : 2U),
        "map: takes attribute and default only");
  const std::vector<Value> items = is_true(self) ? items_of(budget, self) : std::vector<Value>{};
  for (const Value& item : items) {
    if (attribute != nullptr) {
      mapped.push_back(path_of(budget, item, *attribute, otherwise));
      continue;
    }
    const std::string& name = name_in(arguments, 0, "filter");
    const Function* filter = find_filter(name);
    check(filter != nullptr, "filter '{}' is not one that omma knows", name);
    const Deeper deeper(budget);
    mapped.push_back(call(budget, *filter, item, rest_of(arguments, 1)));
  }
  return make_sequence(budget, SequenceKind::generator, std::move(mapped));
}

// Whether an element passes the test named at `place`; without one, whether it counts as true.
bool passes(Budget& budget, const Value& item, const Arguments& arguments, std::size_t place) {
  if (arguments.positional.size() <= place) return is_true(item);
  const std::string& name = name_in(arguments, place, "test");
  const Function* test = find_test(name);
  check(test != nullptr, "test '{}' is not one that omma knows", name);
  return is_true(call(budget, *test, item, rest_of(arguments, place + 1)));
}

template <bool keeps, bool by_attribute>
Value select(Budget& budget, const Value& self, const Arguments& arguments) {
  std::vector<Value> kept;
  const std::vector<Value> items = is_true(self) ? items_of(budget, self) : std::vector<Value>{};
  for (const Value& item : items) {
    check(!by_attribute || !arguments.positional.empty(), "expected the name of an attribute");
    const Value tested = by_attribute ? path_of(budget, item, arguments[0]) : item;
    if (passes(budget, tested, arguments, by_attribute ? 1 : 0) == keeps) kept.push_back(item);
  }
  return make_sequence(budget, SequenceKind::generator, std::move(kept));
}

constexpr Function kSelectingFilters[] = {{"map", "*", 0, map},
                                          {"select", "*", 0, select<true, false>},
                                          {"reject", "*", 0, select<false, false>},
                                          {"selectattr", "*", 0, select<true, true>},
                                          {"rejectattr", "*", 0, select<false, true>}};

}  // namespace

std::span<const Function> selecting_filters() { return kSelectingFilters; }

const Function* find_filter(std::string_view name) {
  for (const auto table : {text_filters(), list_filters(), selecting_filters(), value_filters()}) {
    if (const Function* filter = find_function(table, name)) return filter;
  }
  return nullptr;
}

}  // namespace omma::jinja
