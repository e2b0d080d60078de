// Runs a syntax tree.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/text/jinja/syntax.h"

namespace omma::jinja {

// The names of one block. A loop's pass, a macro's call and a few blocks have names of their own and see those around them.
struct Scope {
  std::shared_ptr<Scope> parent;
  std::vector<std::pair<std::string, Value>> names = {};

  const Value* find(Budget& budget, std::string_view name) const;  // here or further out
  void set(Budget& budget, const std::string& name, Value value);
};
using ScopePtr = std::shared_ptr<Scope>;

class Interpreter {
 public:
  // `now`: what strftime_now() tells, the fields of std::tm; without it the function is undefined. `line` follows what is
  // evaluated.
  Interpreter(Budget& budget, std::optional<Value> now, int& line) : budget_(budget), now_(std::move(now)), line_(line) {}

  void run(const Body& body, const ScopePtr& scope, TextBuilder& out) { execute(body, scope, out); }

 private:
  enum class Flow { next, leave, repeat };

  Flow execute(const Body& body, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const TextStatement& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const Output& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const Assignment& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const BlockAssignment& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const If& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const For& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const Macro& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const CallBlock& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const FilterBlock& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const With& statement, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const Break&, const ScopePtr&, TextBuilder&) { return Flow::leave; }
  Flow execute(const Continue&, const ScopePtr&, TextBuilder&) { return Flow::repeat; }

  std::vector<Value> chosen_items(const For& statement, const ScopePtr& scope);
  MarkedText text_of(const Body& body, const ScopePtr& scope);  // in a scope of its own
  void assign(const Target& target, Value value, const ScopePtr& scope);
  Value macro_value(const Macro& macro, const ScopePtr& scope);

  Value evaluate(const ExpressionPtr& expression, const ScopePtr& scope);
  Value evaluate(const Value& constant, const ScopePtr&) { return constant; }
  Value evaluate(const Name& name, const ScopePtr& scope);
  Value evaluate(const ListLiteral& list, const ScopePtr& scope);
  Value evaluate(const DictLiteral& dict, const ScopePtr& scope);
  Value evaluate(const ArithmeticChain& chain, const ScopePtr& scope);
  Value evaluate(const ComparisonChain& chain, const ScopePtr& scope);
  Value evaluate(const TextJoin& join, const ScopePtr& scope);
  Value evaluate(const LogicChain& chain, const ScopePtr& scope);
  Value evaluate(const Negation& negation, const ScopePtr& scope) { return !is_true(evaluate(negation.operand, scope)); }
  Value evaluate(const Signed& number, const ScopePtr& scope);
  Value evaluate(const Conditional& conditional, const ScopePtr& scope);
  Value evaluate(const Postfix& postfix, const ScopePtr& scope);

  Value apply(const Step& step, const Value& value, const ScopePtr& scope);
  Value apply(const AttributeStep& step, const Value& value, const ScopePtr&) { return attribute_of(budget_, value, step.name); }
  Value apply(const ItemStep& step, const Value& value, const ScopePtr& scope);
  Value apply(const SliceStep& step, const Value& value, const ScopePtr& scope);
  Value apply(const CallStep& step, const Value& value, const ScopePtr& scope);
  Value apply(const FilterStep& step, const Value& value, const ScopePtr& scope);
  Value apply(const TestStep& step, const Value& value, const ScopePtr& scope);
  Value apply_all(const std::vector<Step>& steps, Value value, const ScopePtr& scope);

  Arguments arguments_of(const ArgumentList& list, const ScopePtr& scope);
  Value call_value(const Value& callee, Arguments arguments);
  Value call_macro(const Callable& callable, Arguments arguments);
  std::optional<std::int64_t> bound_of(const ExpressionPtr& bound, const ScopePtr& scope);

  Budget& budget_;
  std::optional<Value> now_;
  int& line_;
};

}  // namespace omma::jinja
