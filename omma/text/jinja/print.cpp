#include "omma/text/jinja/print.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "omma/text/jinja/callable.h"
#include "omma/text/unicode.h"
#include "omma/text/utf8.h"

namespace omma::jinja {

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific).ptr;
  std::string text(buffer.data(), end);  // d.ddde+dd
  const std::size_t e = text.find('e');
  const int exponent = std::stoi(text.substr(e + 1));
  if (exponent < -4 || exponent >= 16) return text;
  std::string sign = text[0] == '-' ? "-" : "", digits;
  for (const char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

namespace {

// One character as repr() has it between quotes.
std::string escaped_in_repr(char32_t code, char quote) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  const auto number = static_cast<std::uint32_t>(code);
  if (code == '\\' || number == static_cast<std::uint32_t>(quote)) return std::string("\\") + static_cast<char>(code);
  if (!is_printable(code))
    return number < 0x100     ? fmt::format("\\x{:02x}", number)
           : number < 0x10000 ? fmt::format("\\u{:04x}", number)
                              : fmt::format("\\U{:08x}", number);
  std::string text;
  append_utf8(text, code);
  return text;
}

// `text` with each character as `escape(code)` writes it, with the mark it had.
template <class Escape>
void add_escaped(TextBuilder& out, const MarkedText& text, Escape&& escape) {
  for (std::size_t i = 0; i < text.size(); i += utf8_size(text.text[i]))
    out.add(escape(decode_utf8(text.text, i).code), text.is_untrusted(i));
}

void print_quoted(TextBuilder& out, const MarkedText& text) {
  const bool only_single = text.text.find('\'') != std::string::npos && text.text.find('"') == std::string::npos;
  const char quote = only_single ? '"' : '\'';
  out.add({&quote, 1});
  add_escaped(out, text, [&](char32_t code) { return escaped_in_repr(code, quote); });
  out.add({&quote, 1});
}

void print_items(TextBuilder& out, const std::vector<Value>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out.add(", ");
    print_repr(out, items[i]);
  }
}

void print_sequence(TextBuilder& out, const Sequence& sequence) {
  if (sequence.kind == SequenceKind::range && !sequence.name.empty()) return out.add(sequence.name);
  check(sequence.kind != SequenceKind::generator && sequence.kind != SequenceKind::range,
        "a generator does not print: make it a list");
  const bool is_tuple = sequence.kind == SequenceKind::tuple, is_view = sequence.kind == SequenceKind::view;
  if (is_view) out.add(sequence.name + "(");
  out.add(is_tuple ? "(" : "[");
  print_items(out, sequence.items);
  if (is_tuple && sequence.items.size() == 1) out.add(",");
  out.add(is_tuple ? ")" : "]");
  if (is_view) out.add(")");
}

void print_mapping(TextBuilder& out, const Mapping& mapping) {
  out.add("{");
  for (std::size_t i = 0; i < mapping.items.size(); ++i) {
    if (i > 0) out.add(", ");
    print_repr(out, mapping.items[i].first);
    out.add(": ");
    print_repr(out, mapping.items[i].second);
  }
  out.add("}");
}

}  // namespace

void print_repr(TextBuilder& out, const Value& value) {
  if (const MarkedText* text = value.text()) return print_quoted(out, *text);
  if (value.is<Undefined>()) return out.add("Undefined");
  print(out, value);
}

void print(TextBuilder& out, const Value& value) {
  out.budget().spend(1);
  if (value.is<Undefined>()) return;
  if (value.is<None>()) return out.add("None");
  if (const auto* flag = std::get_if<bool>(&value.data)) return out.add(*flag ? "True" : "False");
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) return out.add(std::to_string(*integer));
  if (const auto* real = std::get_if<double>(&value.data)) return out.add(float_text(*real));
  if (const MarkedText* text = value.text()) return out.add(*text);
  if (const Sequence* sequence = value.sequence()) return print_sequence(out, *sequence);
  if (const Mapping* mapping = value.mapping()) return print_mapping(out, *mapping);
  fail("a {} does not print", type_name(value));
}

MarkedText to_text(Budget& budget, const Value& value) {
  if (const MarkedText* text = value.text()) return *text;
  TextBuilder out(budget);
  print(out, value);
  return out.finish();
}

namespace {

std::string escaped_in_json(char32_t code, bool ensure_ascii) {
  switch (code) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\f':
      return "\\f";
    case '\b':
      return "\\b";
    default:
      break;
  }
  const auto number = static_cast<std::uint32_t>(code);
  if (ensure_ascii && number >= 0x10000)
    return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((number - 0x10000) >> 10), 0xDC00 + ((number - 0x10000) & 0x3FF));
  if (number < 0x20 || (ensure_ascii && number >= 0x7F)) return fmt::format("\\u{:04x}", number);
  std::string text;
  append_utf8(text, code);
  return text;
}

class JsonWriter {
 public:
  JsonWriter(TextBuilder& out, const JsonStyle& style) : out_(out), style_(style) {}

  void write(const Value& value) {
    out_.budget().spend(1);
    if (const MarkedText* text = value.text()) return write_text(*text);
    if (value.is<None>() || number_of(value)) return out_.add(plain(value));
    if (const Mapping* mapping = value.mapping()) return write_mapping(*mapping);
    const Sequence* list = value.sequence();
    check(list != nullptr && (list->kind == SequenceKind::list || list->kind == SequenceKind::tuple), "a {} has no JSON form",
          type_name(value));
    write_list(list->items);
  }

 private:
  static std::string plain(const Value& value) {
    if (value.is<None>()) return "null";
    if (const auto* flag = std::get_if<bool>(&value.data)) return *flag ? "true" : "false";
    const Number number = *number_of(value);
    if (!number.is_float) return std::to_string(number.integer);
    if (std::isnan(number.real)) return "NaN";
    if (std::isinf(number.real)) return number.real > 0 ? "Infinity" : "-Infinity";
    return float_text(number.real);
  }

  void write_text(const MarkedText& text) {
    out_.add("\"");
    add_escaped(out_, text, [&](char32_t code) { return escaped_in_json(code, style_.ensure_ascii); });
    out_.add("\"");
  }

  void write_list(const std::vector<Value>& items) {
    if (items.empty()) return out_.add("[]");
    out_.add("[");
    ++level_;
    for (std::size_t i = 0; i < items.size(); ++i) {
      begin_item(i);
      write(items[i]);
    }
    --level_;
    new_line();
    out_.add("]");
  }

  void write_mapping(const Mapping& mapping) {
    if (mapping.items.empty()) return out_.add("{}");
    auto items = mapping.items;
    if (style_.sort_keys)
      std::stable_sort(items.begin(), items.end(),
                       [&](const auto& a, const auto& b) { return less(out_.budget(), a.first, b.first); });
    out_.add("{");
    ++level_;
    for (std::size_t i = 0; i < items.size(); ++i) {
      begin_item(i);
      write_key(items[i].first);
      out_.add(style_.after_key);
      write(items[i].second);
    }
    --level_;
    new_line();
    out_.add("}");
  }

  void write_key(const Value& key) {
    if (key.text() != nullptr) return write_text(*key.text());
    check(key.is<None>() || number_of(key), "a {} is no key of JSON", type_name(key));
    write_text(MarkedText::trusted(plain(key)));
  }

  void begin_item(std::size_t i) {
    if (i > 0) out_.add(style_.between_items);
    new_line();
  }
  void new_line() {
    if (!style_.indent) return;
    out_.add("\n");
    for (std::size_t i = 0; i < level_; ++i) out_.add(*style_.indent);
  }

  TextBuilder& out_;
  const JsonStyle& style_;
  std::size_t level_ = 0;
};

}  // namespace

MarkedText to_json(Budget& budget, const Value& value, const JsonStyle& style) {
  TextBuilder out(budget);
  JsonWriter(out, style).write(value);
  return out.finish();
}

}  // namespace omma::jinja
