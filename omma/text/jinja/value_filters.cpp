// Filters of numbers and of any value.
#include <charconv>
#include <cmath>

#include "omma/text/jinja/characters.h"
#include "omma/text/jinja/operators.h"
#include "omma/text/jinja/print.h"
#include "omma/text/jinja/tables.h"

namespace omma::jinja {

namespace {

// As Python reads numbers: spaces around do not count, nor do single underscores between digits. Nothing where these are wrong.
std::optional<std::string> plain_digits(const std::string& text) {
  const TextSpan kept = strip(text, {}, is_space);
  std::string digits;
  const auto is_digit = [&](std::size_t at) {
    return at >= kept.begin && at < kept.end && std::isalnum(static_cast<unsigned char>(text[at]));
  };
  for (std::size_t i = kept.begin; i < kept.end; ++i) {
    if (text[i] != '_') {
      digits += text[i];
    } else if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) {
      return std::nullopt;
    }
  }
  return digits;
}

std::optional<std::int64_t> read_integer(const std::string& text, std::int64_t base) {
  auto digits = plain_digits(text);
  check(base == 0 || (base >= 2 && base <= 36), "int: expected a base of 2 to 36, got {}", base);
  if (!digits) return std::nullopt;
  const bool is_negative = digits->starts_with('-');
  if (is_negative || digits->starts_with('+')) digits->erase(0, 1);
  for (const auto& [letter, prefix_base] : {std::pair{'x', 16}, {'o', 8}, {'b', 2}}) {
    const bool has_prefix = digits->size() > 2 && (*digits)[0] == '0' && ((*digits)[1] | 0x20) == letter;
    if (!has_prefix || (base != 0 && base != prefix_base)) continue;
    digits->erase(0, 2);
    base = prefix_base;
  }
  if (digits->empty() || digits->starts_with('-')) return std::nullopt;
  if (is_negative) digits->insert(digits->begin(), '-');
  std::int64_t number = 0;
  const char* end = digits->data() + digits->size();
  const auto read = std::from_chars(digits->data(), end, number, base == 0 ? 10 : static_cast<int>(base));
  if (read.ptr != end) return std::nullopt;
  check(read.ec == std::errc(), "an integer leaves 64 bits");
  return number;
}

std::optional<double> read_float(const std::string& text) {
  auto digits = plain_digits(text);
  if (!digits) return std::nullopt;
  if (digits->starts_with('+')) digits->erase(0, 1);
  if (digits->empty() || digits->starts_with("-+") || digits->find('(') != std::string::npos) return std::nullopt;
  double number = 0;
  const char* end = digits->data() + digits->size();
  const auto read = std::from_chars(digits->data(), end, number);
  if (read.ptr != end || (digits->front() == '-' && digits->size() > 1 && (*digits)[1] == '-')) return std::nullopt;
  if (read.ec == std::errc::result_out_of_range) return std::strtod(digits->c_str(), nullptr);  // infinite or zero
  return number;
}

std::optional<double> float_of(const Value& value) {
  if (value.is<Undefined>()) fail_undefined(value);
  if (const auto number = number_of(value)) return number->real;
  return value.text() == nullptr ? std::nullopt : read_float(value.text()->text);
}

Value as_int(Budget&, const Value& self, const Arguments& arguments) {
  if (const auto number = number_of(self); number && !number->is_float) return number->integer;
  if (self.text() != nullptr) {
    if (const auto integer = read_integer(self.text()->text, arguments.integer(1, 10))) return *integer;
  }
  const Value otherwise = arguments.has(0) ? arguments[0] : Value(std::int64_t{0});
  const auto real = float_of(self);
  if (!real || std::isnan(*real) || (std::isinf(*real) && self.text() != nullptr)) return otherwise;
  check(std::abs(*real) < 9.2e18, "an integer leaves 64 bits");
  return static_cast<std::int64_t>(*real);
}

Value as_float(Budget&, const Value& self, const Arguments& arguments) {
  const auto real = float_of(self);
  return real ? Value(*real) : arguments.has(0) ? arguments[0] : Value(0.0);
}

Value absolute(Budget& budget, const Value& self, const Arguments&) {
  const auto number = number_of(self);
  check(number.has_value(), "abs: expected a number, got a {}", type_name(self));
  if (number->is_float) return std::abs(number->real);
  return number->integer < 0 ? calculate(budget, Arithmetic::subtract, Value(std::int64_t{0}), self) : Value(number->integer);
}

// Correctly rounded, a half to the even neighbour, as Python's round() is.
double round_to(double number, std::int64_t places) {
  if (!std::isfinite(number)) return number;
  check(places >= 0 && places <= 300, "round: expected 0 to 300 places, got {}", places);
  return std::strtod(fmt::format("{:.{}f}", number, places).c_str(), nullptr);
}

Value round(Budget&, const Value& self, const Arguments& arguments) {
  const auto number = number_of(self);
  const std::int64_t places = arguments.integer(0, 0);
  const std::string method = arguments.has(1) ? arguments.text(1).text : "common";
  check(method == "common" || method == "ceil" || method == "floor", "round: expected common, ceil or floor, got \"{}\"", method);
  check(number.has_value(), "round: expected a number, got a {}", type_name(self));
  if (method == "common") {
    check(number->is_float || places >= 0, "round: places before the point are not built");
    return number->is_float ? Value(round_to(number->real, places)) : Value(number->integer);
  }
  check(std::isfinite(number->real) && places >= 0 && places <= 22, "round: expected a finite number and 0 to 22 places");
  const double scale = std::pow(10.0, static_cast<double>(places)), scaled = number->real * scale;
  return (method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale;
}

Value otherwise(Budget&, const Value& self, const Arguments& arguments) {
  const bool is_missing = self.is<Undefined>() || (arguments.flag(1) && !is_true(self));
  if (!is_missing) return self;
  return arguments.has(0) ? arguments[0] : Value::text_of("");
}

Value attr(Budget& budget, const Value& self, const Arguments& arguments) {
  if (self.mapping() != nullptr) {  // its elements do not count
    auto method = find_method(self, arguments.text(0).text);
    return method ? *method : Value::undefined(fmt::format("a dict has no attribute '{}'", arguments.text(0).text));
  }
  return attribute_of(budget, self, arguments.text(0).text);
}

Value tojson(Budget& budget, const Value& self, const Arguments& arguments) {
  JsonStyle style{.ensure_ascii = arguments.flag(0), .between_items = {}, .after_key = {}, .sort_keys = arguments.flag(3)};
  if (arguments[1].text() != nullptr) {
    style.indent = *arguments[1].text();
  } else if (arguments.has(1) && !arguments[1].is<None>()) {
    const std::int64_t width = std::max<std::int64_t>(arguments.integer(1, 0), 0);
    budget.check_bytes(static_cast<std::size_t>(width));
    style.indent = MarkedText::trusted(std::string(static_cast<std::size_t>(width), ' '));
  }
  style.between_items.text = style.indent ? "," : ", ";
  style.after_key.text = ": ";
  if (arguments.has(2) && !arguments[2].is<None>()) {
    const std::vector<Value> pair = items_of(budget, arguments[2]);
    check(pair.size() == 2 && pair[0].text() != nullptr && pair[1].text() != nullptr, "tojson: expected two strs as separators");
    style.between_items = *pair[0].text();
    style.after_key = *pair[1].text();
  }
  return to_json(budget, self, style);
}

constexpr Function kValueFilters[] = {{"int", "default base", 0, as_int},
                                      {"float", "default", 0, as_float},
                                      {"abs", "", 0, absolute},
                                      {"round", "precision method", 0, round},
                                      {"default", "default_value boolean", 0, otherwise},
                                      {"d", "default_value boolean", 0, otherwise},
                                      {"attr", "name", 1, attr},
                                      {"tojson", "ensure_ascii indent separators sort_keys", 0, tojson}};

}  // namespace

std::span<const Function> value_filters() { return kValueFilters; }

}  // namespace omma::jinja
