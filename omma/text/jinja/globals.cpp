// The functions that every template has.
#include <ctime>

#include "omma/text/jinja/callable.h"
#include "omma/text/jinja/operators.h"
#include "omma/text/jinja/print.h"

namespace omma::jinja {

namespace {

constexpr std::uint64_t kLongestRange = 100'000;  // Jinja's own

Value range(Budget& budget, const Value&, const Arguments& arguments) {
  const std::size_t given = arguments.positional.size();
  check(arguments.named.empty() && given >= 1 && given <= 3, "range() takes 1 to 3 ints");
  for (const Value& value : arguments.positional) {
    const auto number = number_of(value);
    check(number && !number->is_float, "range(): expected an int, got a {}", type_name(value));
  }
  const std::int64_t begin = given == 1 ? 0 : arguments.integer(0, 0);
  const std::int64_t end = arguments.integer(given == 1 ? 0 : 1, 0);
  const std::int64_t step = given == 3 ? arguments.integer(2, 1) : 1;
  check(step != 0, "range(): the step is 0");
  std::vector<Value> items;
  for (std::int64_t i = begin; step > 0 ? i < end : i > end;) {
    check(items.size() < kLongestRange, "range(): longer than {}", kLongestRange);
    budget.spend(1);
    items.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  const std::string shown =
      step == 1 ? fmt::format("range({}, {})", begin, end) : fmt::format("range({}, {}, {})", begin, end, step);
  return make_sequence(budget, SequenceKind::range, std::move(items), shown);
}

// Pairs from a dict or a list of pairs, then from the named arguments.
std::vector<std::pair<Value, Value>> pairs_of(Budget& budget, const Arguments& arguments) {
  std::vector<std::pair<Value, Value>> pairs;
  check(arguments.positional.size() <= 1, "expected at most one dict, got {} arguments", arguments.positional.size());
  if (!arguments.positional.empty() && arguments[0].mapping() != nullptr) {
    pairs = arguments[0].mapping()->items;
  } else if (!arguments.positional.empty()) {
    for (const Value& item : items_of(budget, arguments[0])) {
      const std::vector<Value> pair = items_of(budget, item);
      check(pair.size() == 2, "expected pairs of key and value, got {} elements", pair.size());
      pairs.emplace_back(pair[0], pair[1]);
    }
  }
  for (const auto& [name, value] : arguments.named) pairs.emplace_back(Value::text_of(name), value);
  budget.spend(pairs.size());
  return pairs;
}

Value dict(Budget& budget, const Value&, const Arguments& arguments) { return make_mapping(budget, pairs_of(budget, arguments)); }

Value name_space(Budget& budget, const Value&, const Arguments& arguments) {
  auto made = std::make_shared<Namespace>();
  for (const auto& [name, value] : pairs_of(budget, arguments)) {
    check(name.text() != nullptr, "namespace(): expected names, got a {}", type_name(name));
    made->set(budget, name.text()->text, value);
  }
  return Value::Data(budget.keep(std::move(made)));
}

Value raise_exception(Budget& budget, const Value&, const Arguments& arguments) { fail("{}", to_text(budget, arguments[0]).text); }

// strftime of the time that `self` lists, by letters that every C library knows.
Value strftime_now(Budget& budget, const Value& self, const Arguments& arguments) {
  std::tm time{};
  int* const fields[] = {&time.tm_sec,  &time.tm_min,  &time.tm_hour, &time.tm_mday, &time.tm_mon,
                         &time.tm_year, &time.tm_wday, &time.tm_yday, &time.tm_isdst};
  for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = static_cast<int>(number_of(self.sequence()->items[i])->integer);
  const MarkedText& format = arguments.text(0);
  TextBuilder out(budget);
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format.text[i] != '%') {
      out.add(format, i, i + 1);
      continue;
    }
    std::string one = "%";
    if (format.text.substr(i + 1).starts_with('-')) one += format.text[++i];
    const char letter = i + 1 < format.size() ? format.text[++i] : '\0';
    check(letter != '\0' && std::string_view("aAbBcdDeFHIjmMnpRStTuUVwWxXyYGhC%").find(letter) != std::string_view::npos,
          "strftime_now(): '%{}' is not one that omma knows", letter);
    one += letter;
    char buffer[128];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    out.add({buffer, std::strftime(buffer, sizeof(buffer), one.c_str(), &time)});
#pragma GCC diagnostic pop
  }
  return out.finish();
}

constexpr Function kGlobals[] = {{"range", "*", 1, range},
                                 {"dict", "*", 0, dict},
                                 {"namespace", "*", 0, name_space},
                                 {"raise_exception", "message", 1, raise_exception},
                                 {"strftime_now", "format", 1, strftime_now}};

}  // namespace

const Function* find_global(std::string_view name) { return find_function(kGlobals, name); }

}  // namespace omma::jinja
