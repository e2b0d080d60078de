// What stands after "is".
#include "omma/text/jinja/callable.h"
#include "omma/text/jinja/characters.h"
#include "omma/text/jinja/operators.h"
#include "omma/text/jinja/print.h"

namespace omma::jinja {

namespace {

template <class T>
Value is_kind(Budget&, const Value& self, const Arguments&) {
  return self.is<T>();
}

Value is_defined(Budget&, const Value& self, const Arguments&) { return !self.is<Undefined>(); }
Value is_string(Budget&, const Value& self, const Arguments&) { return self.text() != nullptr; }
Value is_mapping(Budget&, const Value& self, const Arguments&) { return self.mapping() != nullptr; }
Value is_number_value(Budget&, const Value& self, const Arguments&) { return number_of(self).has_value(); }
Value is_iterable_value(Budget&, const Value& self, const Arguments&) { return is_iterable(self) || self.loop() != nullptr; }
Value is_callable(Budget&, const Value& self, const Arguments&) { return self.callable() != nullptr; }
Value is_escaped(Budget&, const Value&, const Arguments&) { return false; }

template <bool wanted>
Value is_flag(Budget&, const Value& self, const Arguments&) {
  const auto* flag = std::get_if<bool>(&self.data);
  return flag != nullptr && *flag == wanted;
}

Value is_sequence(Budget&, const Value& self, const Arguments&) {
  const Sequence* sequence = self.sequence();
  const bool by_number = sequence != nullptr && sequence->kind != SequenceKind::view && sequence->kind != SequenceKind::generator;
  return by_number || self.text() != nullptr || self.mapping() != nullptr || self.is<Undefined>();
}

template <std::int64_t rest>
Value leaves_of_two(Budget& budget, const Value& self, const Arguments&) {
  return equal(budget, calculate(budget, Arithmetic::modulo, self, Value(std::int64_t{2})), Value(rest));
}

Value is_divisible(Budget& budget, const Value& self, const Arguments& arguments) {
  return equal(budget, calculate(budget, Arithmetic::modulo, self, arguments[0]), Value(std::int64_t{0}));
}

template <Comparison comparison>
Value compares(Budget& budget, const Value& self, const Arguments& arguments) {
  return compare(budget, comparison, self, arguments[0]);
}

// The same object in Python: the one of a kind that has only one, else what both point to.
Value is_same(Budget& budget, const Value& self, const Arguments& arguments) {
  const Value& other = arguments[0];
  if (self.data.index() != other.data.index()) return false;
  if (self.text() != nullptr) return self.text() == other.text();
  if (self.sequence() != nullptr) return self.sequence() == other.sequence();
  if (self.mapping() != nullptr) return self.mapping() == other.mapping();
  return equal(budget, self, other);
}

template <CharacterClass wanted>
Value is_cased_text(Budget& budget, const Value& self, const Arguments&) {
  return all_are(to_text(budget, self).text, wanted);
}

Value is_filter(Budget& budget, const Value& self, const Arguments&) { return find_filter(to_text(budget, self).text) != nullptr; }
Value is_test(Budget& budget, const Value& self, const Arguments&) { return find_test(to_text(budget, self).text) != nullptr; }

constexpr Function kTests[] = {{"defined", "", 0, is_defined},
                               {"undefined", "", 0, is_kind<Undefined>},
                               {"none", "", 0, is_kind<None>},
                               {"boolean", "", 0, is_kind<bool>},
                               {"true", "", 0, is_flag<true>},
                               {"false", "", 0, is_flag<false>},
                               {"integer", "", 0, is_kind<std::int64_t>},
                               {"float", "", 0, is_kind<double>},
                               {"number", "", 0, is_number_value},
                               {"string", "", 0, is_string},
                               {"mapping", "", 0, is_mapping},
                               {"sequence", "", 0, is_sequence},
                               {"iterable", "", 0, is_iterable_value},
                               {"callable", "", 0, is_callable},
                               {"escaped", "", 0, is_escaped},
                               {"lower", "", 0, is_cased_text<CharacterClass::lower>},
                               {"upper", "", 0, is_cased_text<CharacterClass::upper>},
                               {"odd", "", 0, leaves_of_two<1>},
                               {"even", "", 0, leaves_of_two<0>},
                               {"divisibleby", "num", 1, is_divisible},
                               {"sameas", "other", 1, is_same},
                               {"filter", "", 0, is_filter},
                               {"test", "", 0, is_test},
                               {"in", "seq", 1, compares<Comparison::in>},
                               {"==", "other", 1, compares<Comparison::equal>},
                               {"eq", "other", 1, compares<Comparison::equal>},
                               {"equalto", "other", 1, compares<Comparison::equal>},
                               {"!=", "other", 1, compares<Comparison::not_equal>},
                               {"ne", "other", 1, compares<Comparison::not_equal>},
                               {">", "other", 1, compares<Comparison::greater>},
                               {"gt", "other", 1, compares<Comparison::greater>},
                               {"greaterthan", "other", 1, compares<Comparison::greater>},
                               {">=", "other", 1, compares<Comparison::greater_equal>},
                               {"ge", "other", 1, compares<Comparison::greater_equal>},
                               {"<", "other", 1, compares<Comparison::less>},
                               {"lt", "other", 1, compares<Comparison::less>},
                               {"lessthan", "other", 1, compares<Comparison::less>},
                               {"<=", "other", 1, compares<Comparison::less_equal>},
                               {"le", "other", 1, compares<Comparison::less_equal>}};

}  // namespace

const Function* find_test(std::string_view name) { return find_function(kTests, name); }

}  // namespace omma::jinja
