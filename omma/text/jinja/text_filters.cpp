#include <algorithm>

#include "omma/text/jinja/characters.h"
#include "omma/text/jinja/format.h"
#include "omma/text/jinja/lines.h"
#include "omma/text/jinja/operators.h"
#include "omma/text/jinja/print.h"
#include "omma/text/jinja/tables.h"
#include "omma/text/unicode.h"

namespace omma::jinja {

namespace {

Value as_text(Budget& budget, const Value& self, const Arguments&) {
  return self.text() != nullptr ? self : Value(to_text(budget, self));
}

Value trim(Budget& budget, const Value& self, const Arguments& arguments) {
  return strip_characters(budget, to_text(budget, self), {}, arguments[0]);
}

template <MarkedText (*change)(Budget&, const MarkedText&)>
Value cased(Budget& budget, const Value& self, const Arguments&) {
  return change(budget, to_text(budget, self));
}

Value replace_filter(Budget& budget, const Value& self, const Arguments& arguments) {
  return replaced(budget, to_text(budget, self), to_text(budget, arguments[0]), to_text(budget, arguments[1]),
                  arguments.integer(2, -1));
}

Value indent(Budget& budget, const Value& self, const Arguments& arguments) {
  check(self.text() != nullptr, "indent: expected a str, got a {}", type_name(self));
  const bool indents_first = arguments.flag(1), indents_blank = arguments.flag(2);
  MarkedText margin;
  if (arguments[0].text() != nullptr) {
    margin = *arguments[0].text();
  } else {
    const std::int64_t width = std::max<std::int64_t>(arguments.integer(0, 4), 0);
    budget.check_bytes(static_cast<std::size_t>(width));
    margin.text.assign(static_cast<std::size_t>(width), ' ');
  }
  MarkedText text = *self.text();
  text.append("\n");
  budget.spend_bytes(text.size());
  TextBuilder out(budget);
  bool is_first = true;
  for (const TextSpan& line : lines_of(text.text, false)) {
    if (!is_first) out.add("\n");
    const bool is_blank = line.begin == line.end;
    if (is_first ? indents_first : indents_blank || !is_blank) out.add(margin);
    out.add(text, line.begin, line.end);
    is_first = false;
  }
  return out.finish();
}

Value wordcount(Budget& budget, const Value& self, const Arguments&) {
  const MarkedText text = to_text(budget, self);
  std::size_t words = 0;
  bool in_word = false;
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text.text[i])) {
    const char32_t code = decode_utf8(text.text, i).code;
    const bool is_word = is_letter(code) || is_number(code) || code == '_';
    words += is_word && !in_word ? 1 : 0;
    in_word = is_word;
  }
  return Value::count(words);
}

Value format_filter(Budget& budget, const Value& self, const Arguments& arguments) {
  check(arguments.positional.empty() || arguments.named.empty(), "format takes values by place or by name, not both");
  std::vector<std::pair<Value, Value>> named;
  for (const auto& [name, value] : arguments.named) named.emplace_back(Value::text_of(name), value);
  const Value values = named.empty() ? make_tuple(budget, arguments.positional) : make_mapping(budget, std::move(named));
  return format_percent(budget, to_text(budget, self), values);
}

constexpr Function kTextFilters[] = {{"string", "", 0, as_text},
                                     {"safe", "", 0, as_text},
                                     {"trim", "chars", 0, trim},
                                     {"upper", "", 0, cased<to_upper>},
                                     {"lower", "", 0, cased<to_lower>},
                                     {"capitalize", "", 0, cased<to_capitalized>},
                                     {"title", "", 0, cased<to_filter_title>},
                                     {"replace", "old new count", 2, replace_filter},
                                     {"indent", "width first blank", 0, indent},
                                     {"wordcount", "", 0, wordcount},
                                     {"format", "*", 0, format_filter}};

}  // namespace

std::span<const Function> text_filters() { return kTextFilters; }

}  // namespace omma::jinja
