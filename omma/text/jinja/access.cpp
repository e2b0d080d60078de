#include <algorithm>

#include "omma/text/jinja/callable.h"
#include "omma/text/jinja/characters.h"
#include "omma/text/jinja/operators.h"
#include "omma/text/jinja/print.h"

namespace omma::jinja {

namespace {

// The element a key names where the object has elements; nothing for a key that is not there.
std::optional<Value> element_of(Budget& budget, const Value& object, const Value& key) {
  if (const Mapping* mapping = object.mapping()) {
    if (key.sequence() != nullptr && key.sequence()->kind != SequenceKind::tuple) return std::nullopt;
    if (key.mapping() != nullptr) return std::nullopt;
    const Value* found = mapping->find(budget, key);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }
  const Sequence* sequence = object.sequence();
  const auto number = number_of(key);
  if (!number || number->is_float) return std::nullopt;
  if (sequence != nullptr && (sequence->kind == SequenceKind::view || sequence->kind == SequenceKind::generator))
    return std::nullopt;
  if (sequence == nullptr && object.text() == nullptr) return std::nullopt;
  const auto size = static_cast<std::int64_t>(*length_of(budget, object));
  const std::int64_t at = number->integer < 0 ? number->integer + size : number->integer;
  if (at < 0 || at >= size) return std::nullopt;
  if (sequence != nullptr) return sequence->items[static_cast<std::size_t>(at)];
  const MarkedText& text = *object.text();
  const std::size_t begin = byte_of(text.text, static_cast<std::size_t>(at));
  return text.slice(begin, begin + utf8_size(text.text[begin]));
}

// What the object has by name beside its elements.
std::optional<Value> own_attribute(Budget& budget, const Value& object, std::string_view name) {
  if (object.loop() != nullptr) return loop_attribute(object, name);
  if (Namespace* name_space = object.name_space()) {
    const Value* found = name_space->find(budget, name);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }
  return find_method(object, name);
}

Value no_attribute(const Value& object, std::string_view name) {
  return Value::undefined(fmt::format("a {} has no '{}'", type_name(object), name));
}

}  // namespace

Value attribute_of(Budget& budget, const Value& object, std::string_view name) {
  if (object.is<Undefined>()) fail_undefined(object);
  if (auto own = own_attribute(budget, object, name)) return *own;
  if (object.mapping() != nullptr) {
    if (auto element = element_of(budget, object, Value::text_of(std::string(name)))) return *element;
  }
  return no_attribute(object, name);
}

Value item_of(Budget& budget, const Value& object, const Value& key) {
  if (object.is<Undefined>()) fail_undefined(object);
  if (auto element = element_of(budget, object, key)) return *element;
  if (const MarkedText* name = key.text()) {
    if (auto own = own_attribute(budget, object, name->text)) return *own;
  }
  return no_attribute(object, to_text(budget, key.text() != nullptr || number_of(key) ? key : Value::none()).text);
}

namespace {

struct SliceWalk {
  std::int64_t begin, end, step;
  std::size_t count;
};

// Python's slice.indices().
SliceWalk walk_of(const SliceBounds& bounds, std::int64_t size) {
  const std::int64_t step = bounds.step.value_or(1);
  check(step != 0, "the step of a slice is 0");
  const std::int64_t lowest = step < 0 ? -1 : 0, highest = step < 0 ? size - 1 : size;
  const auto place = [&](std::optional<std::int64_t> bound, std::int64_t otherwise) {
    if (!bound) return otherwise;
    return std::clamp(*bound < 0 ? *bound + size : *bound, lowest, highest);
  };
  SliceWalk walk{place(bounds.begin, step < 0 ? highest : lowest), place(bounds.end, step < 0 ? lowest : highest), step, 0};
  const std::int64_t distance = step < 0 ? walk.begin - walk.end : walk.end - walk.begin;
  const std::uint64_t stride = step < 0 ? -static_cast<std::uint64_t>(step) : static_cast<std::uint64_t>(step);
  if (distance > 0) walk.count = (static_cast<std::uint64_t>(distance) - 1) / stride + 1;
  return walk;
}

Value slice_text(Budget& budget, const MarkedText& text, const SliceBounds& bounds) {
  budget.spend_bytes(text.size());
  const SliceWalk walk = walk_of(bounds, static_cast<std::int64_t>(character_count(text.text)));
  TextBuilder out(budget);
  if (walk.step == 1) {
    const std::size_t begin = byte_of(text.text, static_cast<std::size_t>(walk.begin));
    out.add(text, begin, begin + byte_of(std::string_view(text.text).substr(begin), walk.count));
    return out.finish();
  }
  std::vector<std::size_t> starts;
  budget.spend(text.size());
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text.text[i])) starts.push_back(i);
  for (std::size_t i = 0; i < walk.count; ++i) {
    const std::size_t at = starts[static_cast<std::size_t>(walk.begin + static_cast<std::int64_t>(i) * walk.step)];
    out.add(text, at, at + utf8_size(text.text[at]));
  }
  return out.finish();
}

}  // namespace

Value slice_of(Budget& budget, const Value& object, const SliceBounds& bounds) {
  if (object.is<Undefined>()) fail_undefined(object);
  if (object.text() != nullptr) return slice_text(budget, *object.text(), bounds);
  const Sequence* sequence = object.sequence();
  const bool sliced = sequence != nullptr && sequence->kind != SequenceKind::view && sequence->kind != SequenceKind::generator;
  check(sliced, "a {} has no slices", type_name(object));
  const SliceWalk walk = walk_of(bounds, static_cast<std::int64_t>(sequence->items.size()));
  budget.spend(walk.count);
  std::vector<Value> items;
  for (std::size_t i = 0; i < walk.count; ++i)
    items.push_back(sequence->items[static_cast<std::size_t>(walk.begin + static_cast<std::int64_t>(i) * walk.step)]);
  return make_sequence(budget, sequence->kind, std::move(items));
}

}  // namespace omma::jinja
