#include <algorithm>

#include "omma/text/jinja/characters.h"
#include "omma/text/jinja/lines.h"
#include "omma/text/jinja/operators.h"
#include "omma/text/jinja/print.h"
#include "omma/text/jinja/tables.h"

namespace omma::jinja {

Value path_of(Budget& budget, Value value, const Value& path, const Value* otherwise) {
  const auto step = [&](const Value& key) {
    value = item_of(budget, value, key);
    if (value.is<Undefined>() && otherwise != nullptr && !otherwise->is<None>()) value = *otherwise;
  };
  if (path.is<None>() || path.is<Undefined>()) return value;
  if (path.text() == nullptr) {
    step(path);
    return value;
  }
  const std::string& text = path.text()->text;
  for (const TextSpan& part : cut_at(text, ".", -1, false)) {
    const std::string name = text.substr(part.begin, part.end - part.begin);
    const bool is_number = !name.empty() && name.size() < 18 && name.find_first_not_of("0123456789") == std::string::npos;
    step(is_number ? Value(static_cast<std::int64_t>(std::stoll(name))) : Value::text_of(name));
  }
  return value;
}

Value sort_key(Budget& budget, const Value& value, bool case_sensitive) {
  return value.text() == nullptr || case_sensitive ? value : Value(to_lower(budget, *value.text()));
}

namespace {

Value length(Budget& budget, const Value& self, const Arguments&) {
  const auto size = length_of(budget, self);
  check(size.has_value(), "a {} has no length", type_name(self));
  return Value::count(*size);
}

Value first(Budget& budget, const Value& self, const Arguments&) {
  const Sequence* sequence = self.sequence();
  if (sequence != nullptr && sequence->kind == SequenceKind::generator)
    return sequence->consumed < sequence->items.size() ? sequence->items[sequence->consumed++] : Value::undefined("no first item");
  const std::vector<Value> items = items_of(budget, self);
  return items.empty() ? Value::undefined("no first item: it is empty") : items.front();
}

bool is_generator(const Value& value) { return value.sequence() != nullptr && value.sequence()->kind == SequenceKind::generator; }

Value last(Budget& budget, const Value& self, const Arguments&) {
  check(!is_generator(self), "last: a generator has no last item: make it a list");
  const std::vector<Value> items = items_of(budget, self);
  return items.empty() ? Value::undefined("no last item: it is empty") : items.back();
}

Value as_list(Budget& budget, const Value& self, const Arguments&) { return make_list(budget, items_of(budget, self)); }

Value reverse(Budget& budget, const Value& self, const Arguments&) {
  if (self.text() != nullptr) return slice_of(budget, self, {.step = -1});
  std::vector<Value> items = items_of(budget, self);
  std::reverse(items.begin(), items.end());
  return make_sequence(budget, is_generator(self) ? SequenceKind::list : SequenceKind::generator, std::move(items));
}

Value join_filter(Budget& budget, const Value& self, const Arguments& arguments) {
  const MarkedText between = to_text(budget, arguments[0]);
  TextBuilder out(budget);
  const std::vector<Value> items = items_of(budget, self);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out.add(between);
    print(out, path_of(budget, items[i], arguments[1]));
  }
  return out.finish();
}

// Items with the keys that they are sorted by.
using Keyed = std::vector<std::pair<Value, Value>>;

Value sorted(Budget& budget, Keyed keyed, bool descending) {
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return descending ? less(budget, b.first, a.first) : less(budget, a.first, b.first);
  });
  std::vector<Value> items;
  for (auto& [key, item] : keyed) items.push_back(std::move(item));
  return make_list(budget, std::move(items));
}

Value sort(Budget& budget, const Value& self, const Arguments& arguments) {
  std::vector<Value> paths{arguments[2]};
  if (const MarkedText* listed = arguments[2].text()) {
    paths.clear();
    for (const TextSpan& part : cut_at(listed->text, ",", -1, false)) paths.emplace_back(listed->slice(part.begin, part.end));
  }
  Keyed keyed;
  for (const Value& item : items_of(budget, self)) {
    std::vector<Value> key;
    for (const Value& path : paths) key.push_back(sort_key(budget, path_of(budget, item, path), arguments.flag(1)));
    keyed.emplace_back(make_list(budget, std::move(key)), item);
  }
  return sorted(budget, std::move(keyed), arguments.flag(0));
}

Value dictsort(Budget& budget, const Value& self, const Arguments& arguments) {
  check(self.mapping() != nullptr, "dictsort: expected a dict, got a {}", type_name(self));
  const std::string by = arguments.has(1) ? arguments.text(1).text : "key";
  check(by == "key" || by == "value", "dictsort: expected by=\"key\" or \"value\", got \"{}\"", by);
  Keyed keyed;
  for (const auto& [key, value] : self.mapping()->items)
    keyed.emplace_back(sort_key(budget, by == "key" ? key : value, arguments.flag(0)), make_tuple(budget, {key, value}));
  return sorted(budget, std::move(keyed), arguments.flag(2));
}

Value unique(Budget& budget, const Value& self, const Arguments& arguments) {
  std::vector<Value> items, keys;
  for (const Value& item : items_of(budget, self)) {
    Value key = sort_key(budget, path_of(budget, item, arguments[1]), arguments.flag(0));
    check(key.mapping() == nullptr && (key.sequence() == nullptr || key.sequence()->kind == SequenceKind::tuple),
          "unique: a {} cannot be a key", type_name(key));
    if (std::any_of(keys.begin(), keys.end(), [&](const Value& known) { return equal(budget, known, key); })) continue;
    keys.push_back(std::move(key));
    items.push_back(item);
  }
  return make_sequence(budget, SequenceKind::generator, std::move(items));
}

// The first of the smallest items, or of the largest.
template <bool largest>
Value extreme(Budget& budget, const Value& self, const Arguments& arguments) {
  Value best = Value::undefined("no item: it is empty"), best_key;
  bool is_first = true;
  for (const Value& item : items_of(budget, self)) {
    Value key = sort_key(budget, path_of(budget, item, arguments[1]), arguments.flag(0));
    if (!is_first && !(largest ? less(budget, best_key, key) : less(budget, key, best_key))) continue;
    best = item;
    best_key = std::move(key);
    is_first = false;
  }
  return best;
}

Value sum(Budget& budget, const Value& self, const Arguments& arguments) {
  Value total = arguments.has(1) ? arguments[1] : Value(std::int64_t{0});
  check(total.text() == nullptr, "sum: strs are joined, not summed");
  for (const Value& item : items_of(budget, self))
    total = calculate(budget, Arithmetic::add, total, path_of(budget, item, arguments[0]));
  return total;
}

Value items(Budget& budget, const Value& self, const Arguments&) {
  std::vector<Value> pairs;
  check(self.mapping() != nullptr || self.is<Undefined>(), "items: expected a dict, got a {}", type_name(self));
  if (self.mapping() != nullptr) {
    for (const auto& [key, value] : self.mapping()->items) pairs.push_back(make_tuple(budget, {key, value}));
  }
  return make_sequence(budget, SequenceKind::generator, std::move(pairs));
}

Value batch(Budget& budget, const Value& self, const Arguments& arguments) {
  const std::int64_t size = arguments.integer(0, 0);
  std::vector<Value> batches, batch;
  for (const Value& item : items_of(budget, self)) {
    if (static_cast<std::int64_t>(batch.size()) == size) batches.push_back(make_list(budget, std::exchange(batch, {})));
    batch.push_back(item);
  }
  const bool fills = arguments.has(1) && !arguments[1].is<None>();
  while (!batch.empty() && fills && static_cast<std::int64_t>(batch.size()) < size) {
    budget.spend(1);
    batch.push_back(arguments[1]);
  }
  if (!batch.empty()) batches.push_back(make_list(budget, std::move(batch)));
  return make_sequence(budget, SequenceKind::generator, std::move(batches));
}

constexpr Function kListFilters[] = {{"length", "", 0, length},
                                     {"count", "", 0, length},
                                     {"first", "", 0, first},
                                     {"last", "", 0, last},
                                     {"list", "", 0, as_list},
                                     {"reverse", "", 0, reverse},
                                     {"join", "d attribute", 0, join_filter},
                                     {"sort", "reverse case_sensitive attribute", 0, sort},
                                     {"dictsort", "case_sensitive by reverse", 0, dictsort},
                                     {"unique", "case_sensitive attribute", 0, unique},
                                     {"min", "case_sensitive attribute", 0, extreme<false>},
                                     {"max", "case_sensitive attribute", 0, extreme<true>},
                                     {"sum", "attribute start", 0, sum},
                                     {"items", "", 0, items},
                                     {"batch", "linecount fill_with", 1, batch}};

}  // namespace

std::span<const Function> list_filters() { return kListFilters; }

}  // namespace omma::jinja
