#include "omma/text/jinja/callable.h"

#include <algorithm>

namespace omma::jinja {

std::int64_t Arguments::integer(std::size_t i, std::int64_t otherwise) const {
  if (!has(i) || positional[i].is<None>()) return otherwise;
  const auto number = number_of(positional[i]);
  check(number && !number->is_float, "expected an int as argument {}, got a {}", i + 1, type_name(positional[i]));
  return number->integer;
}

const MarkedText& Arguments::text(std::size_t i) const {
  if (positional[i].text() == nullptr) fail("expected a str as argument {}, got a {}", i + 1, type_name(positional[i]));
  return *positional[i].text();
}

const Value* Arguments::find(std::string_view name) const {
  for (const auto& [known, value] : named) {
    if (known == name) return &value;
  }
  return nullptr;
}

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Arguments arrange(const Function& function, Arguments arguments) {
  const auto parameters = words_of(function.parameters);
  const std::size_t given = arguments.positional.size();
  check(given <= parameters.size(), "{} takes at most {} arguments, got {}", function.name, parameters.size(), given);
  std::vector<bool> is_given(parameters.size());
  std::fill_n(is_given.begin(), given, true);
  arguments.positional.resize(parameters.size());
  for (auto& [name, value] : arguments.named) {
    const auto at = static_cast<std::size_t>(std::find(parameters.begin(), parameters.end(), name) - parameters.begin());
    check(at < parameters.size(), "{} takes no argument \"{}\"", function.name, name);
    check(!is_given[at], "{} got its argument \"{}\" twice", function.name, name);
    is_given[at] = true;
    arguments.positional[at] = std::move(value);
  }
  for (std::size_t i = 0; i < function.required; ++i)
    check(is_given[i], "{} needs its argument \"{}\"", function.name, parameters[i]);
  return {std::move(arguments.positional)};
}

}  // namespace

Value call(Budget& budget, const Function& function, const Value& self, Arguments arguments) {
  budget.spend(1);
  if (function.parameters != "*") arguments = arrange(function, std::move(arguments));
  return function.body(budget, self, arguments);
}

const Function* find_function(std::span<const Function> table, std::string_view name) {
  const auto row = std::find_if(table.begin(), table.end(), [&](const Function& function) { return function.name == name; });
  return row == table.end() ? nullptr : &*row;
}

Value bind_function(const Function& function, Value self) {
  const std::size_t depth = depth_of(self) + 1;
  return Value::Data(std::make_shared<const Callable>(Callable{.function = &function, .self = std::move(self), .depth = depth}));
}

namespace {

Value cycle(Budget&, const Value& self, const Arguments& arguments) {
  check(!arguments.positional.empty(), "loop.cycle() needs values");
  return arguments[self.loop()->index0 % arguments.positional.size()];
}

Value changed(Budget& budget, const Value& self, const Arguments& arguments) {
  Loop& loop = *self.loop();
  Value now = make_tuple(budget, arguments.positional);
  if (loop.last_changed && equal(budget, *loop.last_changed, now)) return false;
  loop.depth = std::max(loop.depth, depth_of(now) + 1);
  budget.check_depth(loop.depth);
  loop.last_changed = std::move(now);
  return true;
}

constexpr Function kLoopMethods[] = {{"cycle", "*", 0, cycle}, {"changed", "*", 0, changed}};

}  // namespace

Value loop_attribute(const Value& self, std::string_view name) {
  const Loop& loop = *self.loop();
  const std::size_t size = loop.items.size(), at = loop.index0;
  if (name == "index0") return Value::count(at);
  if (name == "index") return Value::count(at + 1);
  if (name == "revindex0") return Value::count(size - at - 1);
  if (name == "revindex") return Value::count(size - at);
  if (name == "length") return Value::count(size);
  if (name == "first") return at == 0;
  if (name == "last") return at + 1 == size;
  if (name == "depth0") return Value::count(0);
  if (name == "depth") return Value::count(1);
  if (name == "previtem") return at > 0 ? loop.items[at - 1] : Value::undefined("there is no previous item");
  if (name == "nextitem") return at + 1 < size ? loop.items[at + 1] : Value::undefined("there is no next item");
  if (const Function* method = find_function(kLoopMethods, name)) return bind_function(*method, self);
  return Value::undefined(fmt::format("a loop has no attribute '{}'", name));
}

}  // namespace omma::jinja
