// Operators on values, with Python's rules. Each throws where Python does, and where an integer leaves 64 bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "omma/text/jinja/value.h"

namespace omma::jinja {

enum class Arithmetic { add, subtract, multiply, divide, floor_divide, modulo, power };
Value calculate(Budget& budget, Arithmetic operation, const Value& a, const Value& b);
Value negate(const Value& value);

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal, in, not_in };
bool compare(Budget& budget, Comparison operation, const Value& a, const Value& b);

Value attribute_of(Budget& budget, const Value& object, std::string_view name);  // object.name
Value item_of(Budget& budget, const Value& object, const Value& key);            // object[key]

struct SliceBounds {
  std::optional<std::int64_t> begin = std::nullopt, end = std::nullopt, step = std::nullopt;
};
Value slice_of(Budget& budget, const Value& object, const SliceBounds& bounds);  // object[begin:end:step]

// "%s of %d" % (a, b); named: the values of "%(name)s".
MarkedText format_percent(Budget& budget, const MarkedText& format, const Value& values);

}  // namespace omma::jinja
