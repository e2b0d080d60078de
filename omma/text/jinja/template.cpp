#include "omma/text/jinja/template.h"

#include <algorithm>

#include "omma/text/jinja/interpreter.h"
#include "omma/text/jinja/parser.h"
#include "omma/text/utf8.h"

namespace omma {

struct JinjaTemplate::Tree {
  std::string where;
  jinja::Body body;
};

namespace {

using jinja::Budget;
using jinja::Value;

// Runs `work(line)`; its errors are told with place and line.
template <class Work>
auto located(std::string_view where, Work&& work) {
  int line = 1;
  try {
    return work(line);
  } catch (const std::invalid_argument& error) {
    fail("{}:{}: {}", where, line, error.what());
  }
}

// JSON to values; texts from outside get marks.
class JsonReader {
 public:
  JsonReader(Budget& budget, bool is_outside, const std::vector<std::string>& plain_keys)
      : budget_(budget), is_outside_(is_outside), plain_keys_(plain_keys) {}

  Value read(const ordered_json& from, std::string_view key) {
    const jinja::Deeper deeper(budget_);
    switch (from.type()) {
      case ordered_json::value_t::null:
        return Value::none();
      case ordered_json::value_t::boolean:
        return from.get<bool>();
      case ordered_json::value_t::number_unsigned:
        check(from.get<std::uint64_t>() >> 63 == 0, "\"{}\": an integer leaves 64 bits", key);
        return from.get<std::int64_t>();
      case ordered_json::value_t::number_integer:
        return from.get<std::int64_t>();
      case ordered_json::value_t::number_float:
        return from.get<double>();
      case ordered_json::value_t::string:
        return text(from.get_ref<const std::string&>(), key);
      case ordered_json::value_t::array:
        return list(from, key);
      case ordered_json::value_t::object:
        return mapping(from);
      default:
        fail("\"{}\": not JSON", key);
    }
  }

 private:
  Value text(const std::string& from, std::string_view key) {
    budget_.check_bytes(from.size());
    check(is_valid_utf8(from), "\"{}\": expected valid UTF-8", key);
    const auto is_plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; };
    const bool is_known = std::find(plain_keys_.begin(), plain_keys_.end(), key) != plain_keys_.end();
    const bool is_trusted = !is_outside_ || (is_known && std::all_of(from.begin(), from.end(), is_plain));
    return is_trusted ? MarkedText::trusted(from) : MarkedText::outside(from);
  }

  Value list(const ordered_json& from, std::string_view key) {
    std::vector<Value> items;
    for (const ordered_json& item : from) items.push_back(read(item, key));
    return jinja::make_list(budget_, std::move(items));
  }

  Value mapping(const ordered_json& from) {
    auto mapping = std::make_shared<jinja::Mapping>();
    for (const auto& [key, item] : from.items()) {  // no key is there twice
      mapping->items.emplace_back(text(key, ""), read(item, key));
      mapping->depth = std::max(mapping->depth, jinja::depth_of(mapping->items.back().second) + 1);
    }
    return Value::Data(std::shared_ptr<const jinja::Mapping>(std::move(mapping)));
  }

  Budget& budget_;
  bool is_outside_;
  const std::vector<std::string>& plain_keys_;
};

void declare(Budget& budget, jinja::Scope& scope, JsonReader reader, const ordered_json& variables) {
  check(variables.is_object(), "expected the variables as an object, got {}", variables.type_name());
  for (const auto& [name, value] : variables.items()) scope.set(budget, name, reader.read(value, name));
}

std::optional<Value> fields_of(Budget& budget, const std::optional<std::tm>& now) {
  if (!now) return std::nullopt;
  std::vector<Value> fields;
  for (const int field :
       {now->tm_sec, now->tm_min, now->tm_hour, now->tm_mday, now->tm_mon, now->tm_year, now->tm_wday, now->tm_yday, now->tm_isdst})
    fields.emplace_back(static_cast<std::int64_t>(field));
  return jinja::make_list(budget, std::move(fields));
}

}  // namespace

JinjaTemplate JinjaTemplate::parse(std::string_view source, std::string_view where, const JinjaLimits& limits) {
  return located(where, [&](int& line) {
    check(source.size() <= limits.template_bytes, "expected a template of at most {} bytes, got {}", limits.template_bytes,
          source.size());
    check(is_valid_utf8(source), "expected valid UTF-8");
    auto tree = std::make_shared<Tree>();
    tree->where = where;
    tree->body = jinja::Parser(jinja::tokenize(source, line), limits, line).parse();
    return JinjaTemplate(std::move(tree));
  });
}

std::string JinjaTemplate::render(const ordered_json& variables, const JinjaOptions& options) const {
  return render_marked({.trusted = variables}, options).text;
}

MarkedText JinjaTemplate::render_marked(const JinjaVariables& variables, const JinjaOptions& options) const {
  return located(tree_->where, [&](int& line) {
    Budget budget(options.limits);
    const auto scope = std::make_shared<jinja::Scope>();
    declare(budget, *scope, JsonReader(budget, false, variables.plain_keys), variables.trusted);
    declare(budget, *scope, JsonReader(budget, true, variables.plain_keys), variables.outside);
    jinja::TextBuilder out(budget);
    jinja::Interpreter(budget, fields_of(budget, options.now), line).run(tree_->body, scope, out);
    return out.finish();
  });
}

}  // namespace omma
