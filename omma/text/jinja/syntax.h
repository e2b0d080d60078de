// The syntax tree of a template. What can be chained without brackets (operators, filters, attributes) is a list, so that the tree
// is only as deep as the template's brackets and blocks are.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "omma/text/jinja/callable.h"
#include "omma/text/jinja/operators.h"

namespace omma::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

struct ArgumentList {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
};

// What may follow a value: .name, [key], [begin:end:step], (arguments), | filter, is test.
struct AttributeStep {
  std::string name;
};
struct ItemStep {
  ExpressionPtr key;
};
struct SliceStep {
  ExpressionPtr begin, end, step;  // nullptr where it is left out
};
struct CallStep {
  ArgumentList arguments;
};
struct FilterStep {
  const Function* filter;
  ArgumentList arguments;
};
struct TestStep {
  const Function* test;
  ArgumentList arguments;
  bool negated;
};
struct Step {
  int line;
  std::variant<AttributeStep, ItemStep, SliceStep, CallStep, FilterStep, TestStep> content;
};

struct Name {
  std::string name;
};
struct ListLiteral {
  SequenceKind kind;
  std::vector<ExpressionPtr> items;
};
struct DictLiteral {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> items;
};
struct ArithmeticChain {  // operators of one rank, from left to right
  ExpressionPtr first;
  std::vector<std::pair<Arithmetic, ExpressionPtr>> rest;
};
struct ComparisonChain {  // a < b <= c
  ExpressionPtr first;
  std::vector<std::pair<Comparison, ExpressionPtr>> rest;
};
struct TextJoin {  // a ~ b ~ c
  std::vector<ExpressionPtr> parts;
};
struct LogicChain {  // the first operand that settles it is the value
  bool is_or;
  std::vector<ExpressionPtr> operands;
};
struct Negation {
  ExpressionPtr operand;
};
struct Signed {
  bool negative;
  ExpressionPtr operand;
};
struct Conditional {
  ExpressionPtr condition, value, otherwise;  // otherwise: nullptr where it is left out
};
struct Postfix {
  ExpressionPtr base;
  std::vector<Step> steps;
};

struct Expression {
  int line;
  std::variant<Value, Name, ListLiteral, DictLiteral, ArithmeticChain, ComparisonChain, TextJoin, LogicChain, Negation, Signed,
               Conditional, Postfix>
      content;
};

struct Statement;
using Body = std::vector<Statement>;

// What is assigned to: a name, an attribute of a namespace, or a tuple of these.
struct Target {
  std::string name;
  std::string attribute;
  std::vector<Target> parts;
};

struct Macro {
  std::string name;
  std::vector<std::pair<std::string, ExpressionPtr>> parameters;  // nullptr where there is no default
  Body body;
};

struct TextStatement {
  std::string text;
};
struct Output {
  ExpressionPtr value;
};
struct Assignment {
  Target target;
  ExpressionPtr value;
};
struct BlockAssignment {  // {% set name | filter %} ... {% endset %}
  Target target;
  std::vector<Step> filters;
  Body body;
};
struct If {
  std::vector<std::pair<ExpressionPtr, Body>> branches;
  Body otherwise;
};
struct For {
  Target target;
  ExpressionPtr items;
  ExpressionPtr condition;  // nullptr: of every item
  Body body;
  Body otherwise;
};
struct CallBlock {
  Macro caller;
  ExpressionPtr callee;
  ArgumentList arguments;
};
struct FilterBlock {
  std::vector<Step> filters;
  Body body;
};
struct With {  // also {% generation %}, whose names are its own
  std::vector<std::pair<Target, ExpressionPtr>> values;
  Body body;
};
struct Break {};
struct Continue {};

struct Statement {
  int line;
  std::variant<TextStatement, Output, Assignment, BlockAssignment, If, For, Macro, CallBlock, FilterBlock, With, Break, Continue>
      content;
};

}  // namespace omma::jinja
