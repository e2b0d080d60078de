// Statements.
#include "omma/text/jinja/interpreter.h"

#include <algorithm>

#include "omma/text/jinja/print.h"

namespace omma::jinja {

const Value* Scope::find(Budget& budget, std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent.get()) {
    budget.spend_lookup(scope->names.size());
    for (const auto& [known, value] : scope->names) {
      if (known == name) return &value;
    }
  }
  return nullptr;
}

void Scope::set(Budget& budget, const std::string& name, Value value) {
  budget.spend_lookup(names.size());
  for (auto& [known, old] : names) {
    if (known == name) {
      old = std::move(value);
      return;
    }
  }
  names.emplace_back(name, std::move(value));
}

namespace {

ScopePtr inside(const ScopePtr& scope) { return std::make_shared<Scope>(Scope{scope}); }

}  // namespace

Interpreter::Flow Interpreter::execute(const Body& body, const ScopePtr& scope, TextBuilder& out) {
  const Deeper deeper(budget_);
  for (const Statement& statement : body) {
    budget_.spend(1);
    line_ = statement.line;
    const Flow flow = std::visit([&](const auto& content) { return execute(content, scope, out); }, statement.content);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const TextStatement& statement, const ScopePtr&, TextBuilder& out) {
  out.add(statement.text);
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const Output& statement, const ScopePtr& scope, TextBuilder& out) {
  print(out, evaluate(statement.value, scope));
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const Assignment& statement, const ScopePtr& scope, TextBuilder&) {
  assign(statement.target, evaluate(statement.value, scope), scope);
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const BlockAssignment& statement, const ScopePtr& scope, TextBuilder&) {
  assign(statement.target, apply_all(statement.filters, text_of(statement.body, scope), scope), scope);
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const If& statement, const ScopePtr& scope, TextBuilder& out) {
  for (const auto& [condition, body] : statement.branches) {
    if (is_true(evaluate(condition, scope))) return execute(body, scope, out);
  }
  return execute(statement.otherwise, scope, out);
}

std::vector<Value> Interpreter::chosen_items(const For& statement, const ScopePtr& scope) {
  std::vector<Value> items = items_of(budget_, evaluate(statement.items, scope));
  if (!statement.condition) return items;
  std::erase_if(items, [&](const Value& item) {
    const ScopePtr own = inside(scope);
    own->set(budget_, "loop", Value::undefined("the condition of a loop cannot see 'loop'"));
    assign(statement.target, item, own);
    return !is_true(evaluate(statement.condition, own));
  });
  return items;
}

Interpreter::Flow Interpreter::execute(const For& statement, const ScopePtr& scope, TextBuilder& out) {
  std::vector<Value> items = chosen_items(statement, scope);
  const auto loop = std::make_shared<Loop>(Loop{std::move(items)});
  for (const Value& item : loop->items) loop->depth = std::max(loop->depth, depth_of(item) + 1);
  budget_.check_depth(loop->depth);
  bool any_finished = false;  // Jinja's "else" is also for loops of which no pass came to its end
  for (; loop->index0 < loop->items.size(); ++loop->index0) {
    budget_.spend(1);
    const ScopePtr own = inside(scope);
    own->set(budget_, "loop", Value::Data(loop));
    assign(statement.target, loop->items[loop->index0], own);
    const Flow flow = execute(statement.body, own, out);
    any_finished = any_finished || flow == Flow::next;
    if (flow == Flow::leave) break;
  }
  return any_finished ? Flow::next : execute(statement.otherwise, inside(scope), out);
}

Value Interpreter::macro_value(const Macro& macro, const ScopePtr& scope) {
  return Value::Data(std::make_shared<const Callable>(Callable{.macro = &macro, .scope = budget_.keep(scope)}));
}

Interpreter::Flow Interpreter::execute(const Macro& statement, const ScopePtr& scope, TextBuilder&) {
  scope->set(budget_, statement.name, macro_value(statement, scope));
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const CallBlock& statement, const ScopePtr& scope, TextBuilder& out) {
  const Value callee = evaluate(statement.callee, scope);
  Arguments arguments = arguments_of(statement.arguments, scope);
  arguments.named.emplace_back("caller", macro_value(statement.caller, scope));
  print(out, call_value(callee, std::move(arguments)));
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const FilterBlock& statement, const ScopePtr& scope, TextBuilder& out) {
  print(out, apply_all(statement.filters, text_of(statement.body, scope), scope));
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const With& statement, const ScopePtr& scope, TextBuilder& out) {
  const ScopePtr own = inside(scope);
  for (const auto& [target, value] : statement.values) assign(target, evaluate(value, scope), own);
  return execute(statement.body, own, out);
}

MarkedText Interpreter::text_of(const Body& body, const ScopePtr& scope) {
  TextBuilder inner(budget_);
  execute(body, inside(scope), inner);
  return inner.finish();
}

void Interpreter::assign(const Target& target, Value value, const ScopePtr& scope) {
  if (!target.parts.empty()) {
    const std::vector<Value> values = items_of(budget_, value);
    check(values.size() == target.parts.size(), "expected {} values to unpack, got {}", target.parts.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) assign(target.parts[i], values[i], scope);
  } else if (target.attribute.empty()) {
    scope->set(budget_, target.name, std::move(value));
  } else {
    const Value* held = scope->find(budget_, target.name);
    Namespace* name_space = held == nullptr ? nullptr : held->name_space();
    check(name_space != nullptr, "only a namespace has attributes to set, '{}' is none", target.name);
    check(!target.attribute.starts_with('_'), "'{}.{}': a namespace has no attribute with a leading underscore", target.name,
          target.attribute);
    name_space->set(budget_, target.attribute, std::move(value));
  }
}

}  // namespace omma::jinja
