// Values as text: Python's str() and repr(), and json.dumps.
#pragma once

#include <optional>
#include <string>

#include "omma/text/jinja/value.h"

namespace omma::jinja {

std::string float_text(double number);  // Python's repr: the shortest that reads back as the same number

void print(TextBuilder& out, const Value& value);       // str(value); nothing for an undefined one
void print_repr(TextBuilder& out, const Value& value);  // repr(value)
MarkedText to_text(Budget& budget, const Value& value);

struct JsonStyle {
  bool ensure_ascii = false;
  std::optional<MarkedText> indent = std::nullopt;  // of one level; without it all is one line
  MarkedText between_items;
  MarkedText after_key;
  bool sort_keys = false;
};
// Throws for what has no JSON form.
MarkedText to_json(Budget& budget, const Value& value, const JsonStyle& style);

}  // namespace omma::jinja
