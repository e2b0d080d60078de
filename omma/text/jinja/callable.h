// What a template can call: functions of ours (methods, filters, tests and globals are rows of tables) and its own macros.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/text/jinja/value.h"

namespace omma::jinja {

struct Macro;  // of the syntax
struct Scope;  // of the interpreter

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named = {};

  // Of arguments in the order of a function's parameters.
  const Value& operator[](std::size_t i) const { return positional[i]; }
  bool has(std::size_t i) const { return !positional[i].is<Undefined>(); }
  bool flag(std::size_t i) const { return is_true(positional[i]); }
  std::int64_t integer(std::size_t i, std::int64_t otherwise) const;  // throws where it is no integer
  const MarkedText& text(std::size_t i) const;                        // throws where it is no text
  const Value* find(std::string_view name) const;                     // among the named; nullptr where it is not there
};

struct Function {
  std::string_view name;
  std::string_view parameters;  // their names, spaces between them, "/name" by place only; "*": takes its arguments as they come
  std::size_t required;         // the others are undefined where they are left out
  Value (*body)(Budget& budget, const Value& self, const Arguments& arguments);  // self: what is filtered, tested, called on
};

// Throws for arguments that are missing, too many or unknown.
Value call(Budget& budget, const Function& function, const Value& self, Arguments arguments);

// nullptr where no row has the name.
const Function* find_function(std::span<const Function> table, std::string_view name);

const Function* find_filter(std::string_view name);
const Function* find_test(std::string_view name);  // gives true or false
const Function* find_global(std::string_view name);
// Undefined for what Python's sandbox hides (list.append, __class__); nothing where the value has no such method; throws for a
// method of Python's that is not built.
std::optional<Value> find_method(const Value& self, std::string_view name);

struct Callable {
  const Function* function = nullptr;
  Value self = {};
  const Macro* macro = nullptr;
  Scope* scope = nullptr;  // where the macro stands; the interpreter keeps it
  std::size_t depth = 1;
};

Value bind_function(const Function& function, Value self = {});

// The variable `loop` of a for loop.
struct Loop {
  std::vector<Value> items;
  std::size_t index0 = 0;
  std::optional<Value> last_changed = std::nullopt;
  std::size_t depth = 1;
};
// index, first, previtem, ..., cycle and changed; undefined for others.
Value loop_attribute(const Value& loop, std::string_view name);

}  // namespace omma::jinja
