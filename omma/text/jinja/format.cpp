#include "omma/text/jinja/format.h"

#include <cmath>
#include <cstdio>

#include "omma/text/jinja/operators.h"
#include "omma/text/jinja/print.h"

namespace omma::jinja {

MarkedText strip_characters(Budget& budget, const MarkedText& text, Sides sides, const Value& characters) {
  budget.spend_bytes(text.size());
  if (characters.is<Undefined>() || characters.is<None>()) {
    const TextSpan kept = strip(text.text, sides, is_space);
    return text.slice(kept.begin, kept.end);
  }
  check(characters.text() != nullptr, "expected a str of characters to strip, got a {}", type_name(characters));
  std::u32string dropped;
  const std::string& listed = characters.text()->text;
  for (std::size_t i = 0; i < listed.size(); i += utf8_size(listed[i])) dropped += decode_utf8(listed, i).code;
  const TextSpan kept = strip(text.text, sides, [&](char32_t code) {
    budget.spend(dropped.size() / 64 + 1);
    return dropped.find(code) != std::u32string::npos;
  });
  return text.slice(kept.begin, kept.end);
}

MarkedText format_braces(Budget& budget, const MarkedText& format, const Arguments& arguments) {
  TextBuilder out(budget);
  const std::string& text = format.text;
  std::size_t next = 0;  // of the fields without a name
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool doubled = i + 1 < text.size() && text[i + 1] == text[i];
    if ((text[i] != '{' && text[i] != '}') || doubled) {
      out.add(format, i, i + 1);
      i += (text[i] == '{' || text[i] == '}') ? 1 : 0;
      continue;
    }
    const std::size_t end = text.find('}', i);
    check(text[i] == '{' && end != std::string::npos, "format(): a brace without its partner");
    std::string field = text.substr(i + 1, end - i - 1);
    const bool as_repr = field.ends_with("!r");
    if (as_repr || field.ends_with("!s")) field.resize(field.size() - 2);
    check(field.find_first_of(":!.[{") == std::string::npos, "format(): the field '{{{}}}' is not one that omma knows", field);
    const bool is_place = field.find_first_not_of("0123456789") == std::string::npos;
    const std::size_t place = !is_place ? 0 : field.empty() ? next++ : std::stoul(field.substr(0, 9));
    const Value* value = is_place ? (place < arguments.positional.size() ? &arguments[place] : nullptr) : arguments.find(field);
    check(value != nullptr, "format(): no argument for '{{{}}}'", field);
    as_repr ? print_repr(out, *value) : print(out, *value);
    i = end;
  }
  return out.finish();
}

namespace {

// "%(name)-5.2f" without the name.
struct Conversion {
  std::string flags;
  std::size_t width = 0;
  std::optional<std::size_t> precision;
  char kind = 's';
};

std::size_t read_size(const std::string& text, std::size_t& at) {
  std::size_t size = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    size = size * 10 + static_cast<std::size_t>(text[at] - '0');
    check(size <= 1000, "%: a width of at most 1000 is built");
  }
  return size;
}

Conversion read_conversion(const std::string& text, std::size_t& at) {
  Conversion conversion;
  for (; at < text.size() && std::string_view("-+ 0#").find(text[at]) != std::string_view::npos; ++at) conversion.flags += text[at];
  conversion.width = read_size(text, at);
  if (at < text.size() && text[at] == '.') conversion.precision = read_size(text, ++at);
  check(at < text.size(), "%: an incomplete format");
  conversion.kind = text[at++];
  return conversion;
}

std::string number_as(const Conversion& conversion, const Value& value) {
  const auto number = number_of(value);
  check(number.has_value(), "%{}: expected a number, got a {}", conversion.kind, type_name(value));
  const bool is_real = std::string_view("fFeEgG").find(conversion.kind) != std::string_view::npos;
  check(is_real || std::string_view("diuxXo").find(conversion.kind) != std::string_view::npos, "%{} is not one that omma knows",
        conversion.kind);
  const bool whole = std::string_view("diu").find(conversion.kind) != std::string_view::npos;
  check(is_real || whole || !number->is_float, "%{}: expected an int, got a float", conversion.kind);
  check(is_real || !number->is_float || std::abs(number->real) < 9e18, "an integer leaves 64 bits");
  const bool is_negative_hex = !is_real && !whole && number->integer < 0;
  check(!is_negative_hex, "%{} of a negative int is not one that omma knows", conversion.kind);
  std::string pattern = "%" + conversion.flags + "*.*";
  if (!is_real) pattern += "ll";
  pattern += whole ? 'd' : conversion.kind;
  const int width = static_cast<int>(conversion.width);
  const int precision = conversion.precision ? static_cast<int>(*conversion.precision) : -1;
  std::string text(2400, '\0');
  const long long integer = number->is_float ? static_cast<long long>(is_real ? 0 : number->real) : number->integer;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const int size = is_real ? std::snprintf(text.data(), text.size(), pattern.c_str(), width, precision, number->real)
                           : std::snprintf(text.data(), text.size(), pattern.c_str(), width, precision, integer);
#pragma GCC diagnostic pop
  text.resize(static_cast<std::size_t>(size));
  return text;
}

void add_text(TextBuilder& out, const Conversion& conversion, const Value& value) {
  TextBuilder inner(out.budget());
  conversion.kind == 'r' ? print_repr(inner, value) : print(inner, value);
  MarkedText text = inner.finish();
  if (conversion.precision) text = text.slice(0, byte_of(text.text, *conversion.precision));
  const std::size_t count = character_count(text.text);
  const std::string padding(conversion.width > count ? conversion.width - count : 0, ' ');
  const bool left = conversion.flags.find('-') != std::string::npos;
  if (!left) out.add(padding);
  out.add(text);
  if (left) out.add(padding);
}

}  // namespace

MarkedText format_percent(Budget& budget, const MarkedText& format, const Value& values) {
  TextBuilder out(budget);
  const std::string& text = format.text;
  const bool is_tuple = values.sequence() != nullptr && values.sequence()->kind == SequenceKind::tuple;
  const std::vector<Value> listed = is_tuple ? values.sequence()->items : std::vector<Value>{values};
  std::size_t next = 0;
  bool any_named = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t plain = std::min(text.find('%', i), text.size());
    out.add(format, i, plain);
    if (plain == text.size()) break;
    i = plain + 1;
    std::optional<Value> named;
    if (i < text.size() && text[i] == '(') {
      const std::size_t end = text.find(')', i);
      check(end != std::string::npos && values.mapping() != nullptr, "%: expected a dict for a named value");
      const Value* found = values.mapping()->find(budget, format.slice(i + 1, end));
      check(found != nullptr, "%: no value named '{}'", text.substr(i + 1, end - i - 1));
      named = *found;
      any_named = true;
      i = end + 1;
    }
    const Conversion conversion = read_conversion(text, i);
    if (conversion.kind == '%') {
      out.add("%");
      continue;
    }
    check(named || next < listed.size(), "%: not enough values for the format");
    const Value& value = named ? *named : listed[next++];
    const bool is_text = conversion.kind == 's' || conversion.kind == 'r';
    is_text ? add_text(out, conversion, value) : out.add(number_as(conversion, value));
  }
  check(next == listed.size() || (!is_tuple && (values.mapping() != nullptr || any_named)),
        "%: more values than the format has places");
  return out.finish();
}

}  // namespace omma::jinja
