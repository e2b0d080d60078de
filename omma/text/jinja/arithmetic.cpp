#include <algorithm>
#include <cmath>

#include "omma/text/jinja/operators.h"

namespace omma::jinja {

namespace {

[[noreturn]] void fail_operands(std::string_view sign, const Value& a, const Value& b) {
  if (a.is<Undefined>() || b.is<Undefined>()) fail_undefined(a.is<Undefined>() ? a : b);
  fail("a {} {} a {} is not defined", type_name(a), sign, type_name(b));
}

[[noreturn]] void fail_overflow() { fail("an integer leaves 64 bits"); }

std::int64_t power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) fail_overflow();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) fail_overflow();
  }
  return result;
}

double floor_remainder(double a, double b) {
  const double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

// As CPython computes it: from the remainder, not from a / b.
double floor_quotient(double a, double b) {
  const double quotient = (a - floor_remainder(a, b)) / b;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double whole = std::floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

Value calculate_integers(Arithmetic operation, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (operation) {
    case Arithmetic::add:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Arithmetic::subtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Arithmetic::multiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case Arithmetic::floor_divide:
    case Arithmetic::modulo: {
      if (b == -1) return operation == Arithmetic::modulo ? Value(std::int64_t{0}) : calculate_integers(Arithmetic::subtract, 0, a);
      const bool rounds = a % b != 0 && (a < 0) != (b < 0);
      result = operation == Arithmetic::modulo ? a % b + (rounds ? b : 0) : a / b - (rounds ? 1 : 0);
      break;
    }
    case Arithmetic::power:
      result = power(a, b);
      break;
    case Arithmetic::divide:
      return static_cast<double>(a) / static_cast<double>(b);
  }
  if (overflow) fail_overflow();
  return result;
}

Value calculate_reals(Arithmetic operation, double a, double b) {
  switch (operation) {
    case Arithmetic::add:
      return a + b;
    case Arithmetic::subtract:
      return a - b;
    case Arithmetic::multiply:
      return a * b;
    case Arithmetic::divide:
      return a / b;
    case Arithmetic::floor_divide:
      return floor_quotient(a, b);
    case Arithmetic::modulo:
      return floor_remainder(a, b);
    case Arithmetic::power:
      break;
  }
  check(a != 0 || b >= 0, "zero to a negative power");
  check(a >= 0 || b == std::floor(b), "a negative number to a power that is no integer");
  const double result = std::pow(a, b);
  check(!std::isinf(result) || std::isinf(a) || std::isinf(b), "a float leaves its range");
  return result;
}

Value calculate_numbers(Arithmetic operation, const Number& a, const Number& b) {
  const bool divides = operation == Arithmetic::divide || operation == Arithmetic::floor_divide || operation == Arithmetic::modulo;
  check(!divides || b.real != 0, "division by zero");
  const bool inexact = operation == Arithmetic::power && !b.is_float && b.integer < 0;
  if (a.is_float || b.is_float || inexact) return calculate_reals(operation, a.real, b.real);
  return calculate_integers(operation, a.integer, b.integer);
}

bool is_list_or_tuple(const Sequence* sequence) {
  return sequence != nullptr && (sequence->kind == SequenceKind::list || sequence->kind == SequenceKind::tuple);
}

Value add(Budget& budget, const Value& a, const Value& b) {
  if (a.text() != nullptr && b.text() != nullptr) {
    TextBuilder out(budget);
    out.add(*a.text());
    out.add(*b.text());
    return out.finish();
  }
  const Sequence *x = a.sequence(), *y = b.sequence();
  if (!is_list_or_tuple(x) || !is_list_or_tuple(y) || x->kind != y->kind) fail_operands("+", a, b);
  budget.spend(x->items.size() + y->items.size());
  std::vector<Value> items = x->items;
  items.insert(items.end(), y->items.begin(), y->items.end());
  return make_sequence(budget, x->kind, std::move(items));
}

// A text or list `times` over; false where the value is neither.
std::optional<Value> repeat(Budget& budget, const Value& value, const Number& times) {
  const std::int64_t count = std::max<std::int64_t>(times.integer, 0);
  if (const MarkedText* text = value.text()) {
    if (text->text.empty()) return value;
    if (static_cast<std::size_t>(count) > budget.most_bytes() / text->size()) budget.check_bytes(budget.most_bytes() + 1);
    TextBuilder out(budget);
    for (std::int64_t i = 0; i < count; ++i) out.add(*text);
    return out.finish();
  }
  const Sequence* sequence = value.sequence();
  if (!is_list_or_tuple(sequence)) return std::nullopt;
  std::vector<Value> items;
  for (std::int64_t i = 0; i < count && !sequence->items.empty(); ++i) {
    budget.spend(sequence->items.size());
    items.insert(items.end(), sequence->items.begin(), sequence->items.end());
  }
  return make_sequence(budget, sequence->kind, std::move(items));
}

}  // namespace

Value calculate(Budget& budget, Arithmetic operation, const Value& a, const Value& b) {
  static constexpr std::string_view kSigns[] = {"+", "-", "*", "/", "//", "%", "**"};
  const auto x = number_of(a), y = number_of(b);
  if (x && y) return calculate_numbers(operation, *x, *y);
  if (operation == Arithmetic::add) return add(budget, a, b);
  if (operation == Arithmetic::modulo && a.text() != nullptr) return format_percent(budget, *a.text(), b);
  if (operation == Arithmetic::multiply && (x || y)) {
    const Number times = x ? *x : *y;
    const auto repeated = times.is_float ? std::nullopt : repeat(budget, x ? b : a, times);
    if (repeated) return *repeated;
  }
  fail_operands(kSigns[static_cast<int>(operation)], a, b);
}

Value negate(const Value& value) {
  const auto number = number_of(value);
  if (value.is<Undefined>()) fail_undefined(value);
  check(number.has_value(), "a {} has no negative", type_name(value));
  if (number->is_float) return -number->real;
  return calculate_integers(Arithmetic::subtract, 0, number->integer);
}

bool compare(Budget& budget, Comparison operation, const Value& a, const Value& b) {
  switch (operation) {
    case Comparison::equal:
      return equal(budget, a, b);
    case Comparison::not_equal:
      return !equal(budget, a, b);
    case Comparison::less:
      return less(budget, a, b);
    case Comparison::greater:
      return less(budget, b, a);
    case Comparison::less_equal:
      return less(budget, a, b) || equal(budget, a, b);
    case Comparison::greater_equal:
      return less(budget, b, a) || equal(budget, a, b);
    case Comparison::in:
      return contains(budget, b, a);
    case Comparison::not_in:
      break;
  }
  return !contains(budget, b, a);
}

}  // namespace omma::jinja
