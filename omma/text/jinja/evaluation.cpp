// Expressions.
#include <algorithm>

#include "omma/text/jinja/interpreter.h"
#include "omma/text/jinja/print.h"

namespace omma::jinja {

Value Interpreter::evaluate(const ExpressionPtr& expression, const ScopePtr& scope) {
  const Deeper deeper(budget_);
  budget_.spend(1);
  line_ = expression->line;
  return std::visit([&](const auto& content) { return evaluate(content, scope); }, expression->content);
}

Value Interpreter::evaluate(const Name& name, const ScopePtr& scope) {
  if (const Value* found = scope->find(budget_, name.name)) return *found;
  const Function* global = find_global(name.name);
  const bool is_clock = name.name == "strftime_now";
  if (global == nullptr || (is_clock && !now_)) return Value::undefined(fmt::format("'{}' is undefined", name.name));
  return bind_function(*global, is_clock ? *now_ : Value());
}

Value Interpreter::evaluate(const ListLiteral& list, const ScopePtr& scope) {
  std::vector<Value> items;
  for (const ExpressionPtr& item : list.items) items.push_back(evaluate(item, scope));
  return make_sequence(budget_, list.kind, std::move(items));
}

Value Interpreter::evaluate(const DictLiteral& dict, const ScopePtr& scope) {
  std::vector<std::pair<Value, Value>> items;
  for (const auto& [key, value] : dict.items) {
    Value made_key = evaluate(key, scope);
    items.emplace_back(std::move(made_key), evaluate(value, scope));
  }
  return make_mapping(budget_, std::move(items));
}

Value Interpreter::evaluate(const ArithmeticChain& chain, const ScopePtr& scope) {
  Value value = evaluate(chain.first, scope);
  for (const auto& [operation, operand] : chain.rest) value = calculate(budget_, operation, value, evaluate(operand, scope));
  return value;
}

Value Interpreter::evaluate(const ComparisonChain& chain, const ScopePtr& scope) {
  Value left = evaluate(chain.first, scope);
  for (const auto& [comparison, operand] : chain.rest) {
    Value right = evaluate(operand, scope);
    if (!compare(budget_, comparison, left, right)) return false;
    left = std::move(right);
  }
  return true;
}

Value Interpreter::evaluate(const TextJoin& join, const ScopePtr& scope) {
  TextBuilder out(budget_);
  for (const ExpressionPtr& part : join.parts) print(out, evaluate(part, scope));
  return out.finish();
}

Value Interpreter::evaluate(const LogicChain& chain, const ScopePtr& scope) {
  Value value;
  for (const ExpressionPtr& operand : chain.operands) {
    value = evaluate(operand, scope);
    if (is_true(value) == chain.is_or) break;
  }
  return value;
}

Value Interpreter::evaluate(const Signed& number, const ScopePtr& scope) {
  const Value value = evaluate(number.operand, scope);
  return number.negative ? negate(value) : negate(negate(value));
}

Value Interpreter::evaluate(const Conditional& conditional, const ScopePtr& scope) {
  if (is_true(evaluate(conditional.condition, scope))) return evaluate(conditional.value, scope);
  if (conditional.otherwise) return evaluate(conditional.otherwise, scope);
  return Value::undefined("an 'if' without 'else' that does not hold has no value");
}

Value Interpreter::evaluate(const Postfix& postfix, const ScopePtr& scope) {
  return apply_all(postfix.steps, evaluate(postfix.base, scope), scope);
}

Value Interpreter::apply_all(const std::vector<Step>& steps, Value value, const ScopePtr& scope) {
  for (const Step& step : steps) value = apply(step, value, scope);
  return value;
}

Value Interpreter::apply(const Step& step, const Value& value, const ScopePtr& scope) {
  budget_.spend(1);
  line_ = step.line;
  return std::visit([&](const auto& content) { return apply(content, value, scope); }, step.content);
}

Value Interpreter::apply(const ItemStep& step, const Value& value, const ScopePtr& scope) {
  return item_of(budget_, value, evaluate(step.key, scope));
}

std::optional<std::int64_t> Interpreter::bound_of(const ExpressionPtr& bound, const ScopePtr& scope) {
  if (!bound) return std::nullopt;
  const Value value = evaluate(bound, scope);
  if (value.is<None>()) return std::nullopt;
  const auto number = number_of(value);
  check(number && !number->is_float, "expected ints as bounds of a slice, got a {}", type_name(value));
  return number->integer;
}

Value Interpreter::apply(const SliceStep& step, const Value& value, const ScopePtr& scope) {
  const auto begin = bound_of(step.begin, scope), end = bound_of(step.end, scope), stride = bound_of(step.step, scope);
  return slice_of(budget_, value, {begin, end, stride});
}

Value Interpreter::apply(const FilterStep& step, const Value& value, const ScopePtr& scope) {
  return call(budget_, *step.filter, value, arguments_of(step.arguments, scope));
}

Value Interpreter::apply(const TestStep& step, const Value& value, const ScopePtr& scope) {
  return is_true(call(budget_, *step.test, value, arguments_of(step.arguments, scope))) != step.negated;
}

Value Interpreter::apply(const CallStep& step, const Value& value, const ScopePtr& scope) {
  return call_value(value, arguments_of(step.arguments, scope));
}

Arguments Interpreter::arguments_of(const ArgumentList& list, const ScopePtr& scope) {
  Arguments arguments{};
  for (const ExpressionPtr& argument : list.positional) arguments.positional.push_back(evaluate(argument, scope));
  for (const auto& [name, argument] : list.named) {
    budget_.spend_lookup(arguments.named.size());
    check(arguments.find(name) == nullptr, "the argument '{}' is given twice", name);
    arguments.named.emplace_back(name, evaluate(argument, scope));
  }
  return arguments;
}

Value Interpreter::call_value(const Value& callee, Arguments arguments) {
  if (callee.is<Undefined>()) fail_undefined(callee);
  const Callable* callable = callee.callable();
  check(callable != nullptr, "a {} cannot be called", type_name(callee));
  if (callable->macro != nullptr) return call_macro(*callable, std::move(arguments));
  return call(budget_, *callable->function, callable->self, std::move(arguments));
}

Value Interpreter::call_macro(const Callable& callable, Arguments arguments) {
  const Macro& macro = *callable.macro;
  const std::size_t given = arguments.positional.size();
  check(given <= macro.parameters.size(), "macro '{}' takes at most {} arguments, got {}", macro.name, macro.parameters.size(),
        given);
  const auto own = std::make_shared<Scope>();
  own->parent = std::shared_ptr<Scope>(std::shared_ptr<Scope>(), callable.scope);  // the budget keeps it
  own->set(budget_, "caller", Value::undefined("the macro was not called by a call block"));
  for (const auto& named : arguments.named) {
    budget_.spend_lookup(macro.parameters.size());
    const auto has_name = [&](const auto& parameter) { return parameter.first == named.first; };
    const bool is_parameter = std::any_of(macro.parameters.begin(), macro.parameters.end(), has_name);
    check(is_parameter || named.first == "caller", "macro '{}' takes no argument '{}'", macro.name, named.first);
    own->set(budget_, named.first, named.second);
  }
  for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
    const auto& [name, otherwise] = macro.parameters[i];
    budget_.spend_lookup(arguments.named.size());
    const bool is_named = arguments.find(name) != nullptr;
    check(i >= given || !is_named, "macro '{}' got its argument '{}' twice", macro.name, name);
    if (i < given) {
      own->set(budget_, name, std::move(arguments.positional[i]));
    } else if (!is_named) {
      own->set(budget_, name,
               otherwise ? evaluate(otherwise, own) : Value::undefined(fmt::format("parameter '{}' was not provided", name)));
    }
  }
  TextBuilder out(budget_);
  execute(macro.body, own, out);
  return out.finish();
}

}  // namespace omma::jinja
