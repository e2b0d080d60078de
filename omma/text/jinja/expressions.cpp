#include "omma/text/jinja/parser.h"

namespace omma::jinja {

namespace {

template <class Content>
ExpressionPtr make(int line, Content content) {
  return std::make_unique<const Expression>(Expression{line, std::move(content)});
}

}  // namespace

ExpressionPtr Parser::tuple(bool may_be_conditional, bool is_in_brackets) {
  const int line = line_;
  ListLiteral items{SequenceKind::tuple, {}};
  const auto is_end = [&] {
    return current().kind == TokenKind::variable_end || current().kind == TokenKind::block_end || is_sign(")");
  };
  bool has_comma = false;
  while (!is_end()) {
    items.items.push_back(may_be_conditional ? expression() : logic_or());
    if (!skip_sign(",")) break;
    has_comma = true;
  }
  if (!has_comma && items.items.size() == 1) return std::move(items.items.front());
  if (items.items.empty() && !is_in_brackets) fail_at("an expression");
  return make(line, std::move(items));
}

ExpressionPtr Parser::expression() {
  const Deeper deeper(budget_);
  const int line = line_;
  ExpressionPtr value = logic_or();
  if (!skip_word("if")) return value;
  Conditional conditional{logic_or(), std::move(value), nullptr};
  if (skip_word("else")) conditional.otherwise = expression();
  check(!is_word("if"), "a second 'if' without brackets is not one that omma knows");
  return make(line, std::move(conditional));
}

ExpressionPtr Parser::logic(ExpressionPtr (Parser::*operand)(), std::string_view word, bool is_or) {
  const int line = line_;
  ExpressionPtr first = (this->*operand)();
  if (!is_word(word)) return first;
  LogicChain chain{is_or, {}};
  chain.operands.push_back(std::move(first));
  while (skip_word(word)) chain.operands.push_back((this->*operand)());
  return make(line, std::move(chain));
}

ExpressionPtr Parser::logic_or() { return logic(&Parser::logic_and, "or", true); }

ExpressionPtr Parser::logic_and() { return logic(&Parser::logic_not, "and", false); }

ExpressionPtr Parser::logic_not() {
  if (!is_word("not")) return comparison();
  const Deeper deeper(budget_);
  const int line = line_;
  next();
  return make(line, Negation{logic_not()});
}

ExpressionPtr Parser::comparison() {
  static constexpr std::pair<std::string_view, Comparison> kSigns[] = {
      {"==", Comparison::equal},      {"!=", Comparison::not_equal}, {"<", Comparison::less},
      {"<=", Comparison::less_equal}, {">", Comparison::greater},    {">=", Comparison::greater_equal}};
  const int line = line_;
  ComparisonChain chain{sum(), {}};
  while (true) {
    std::optional<Comparison> found;
    for (const auto& [sign, comparison] : kSigns) {
      if (is_sign(sign)) found = comparison;
    }
    if (is_word("in")) found = Comparison::in;
    if (is_word("not") && following().kind == TokenKind::name && following().text == "in") {
      next();
      found = Comparison::not_in;
    }
    if (!found) break;
    next();
    chain.rest.emplace_back(*found, sum());
  }
  if (chain.rest.empty()) return std::move(chain.first);
  return make(line, std::move(chain));
}

ExpressionPtr Parser::arithmetic(ExpressionPtr (Parser::*operand)(),
                                 std::initializer_list<std::pair<std::string_view, Arithmetic>> signs) {
  const int line = line_;
  ArithmeticChain chain{(this->*operand)(), {}};
  while (true) {
    std::optional<Arithmetic> found;
    for (const auto& [sign, operation] : signs) {
      if (is_sign(sign)) found = operation;
    }
    if (!found) break;
    next();
    chain.rest.emplace_back(*found, (this->*operand)());
  }
  if (chain.rest.empty()) return std::move(chain.first);
  return make(line, std::move(chain));
}

ExpressionPtr Parser::sum() { return arithmetic(&Parser::join, {{"+", Arithmetic::add}, {"-", Arithmetic::subtract}}); }

ExpressionPtr Parser::join() {
  const int line = line_;
  ExpressionPtr first = product();
  if (!is_sign("~")) return first;
  TextJoin joined;
  joined.parts.push_back(std::move(first));
  while (skip_sign("~")) joined.parts.push_back(product());
  return make(line, std::move(joined));
}

ExpressionPtr Parser::product() {
  return arithmetic(
      &Parser::power,
      {{"*", Arithmetic::multiply}, {"/", Arithmetic::divide}, {"//", Arithmetic::floor_divide}, {"%", Arithmetic::modulo}});
}

ExpressionPtr Parser::power() {
  const auto operand = [this]() { return unary(true); };
  const int line = line_;
  ArithmeticChain chain{operand(), {}};
  while (skip_sign("**")) chain.rest.emplace_back(Arithmetic::power, operand());
  if (chain.rest.empty()) return std::move(chain.first);
  return make(line, std::move(chain));
}

ExpressionPtr Parser::unary(bool may_be_filtered) {
  const Deeper deeper(budget_);
  const int line = line_;
  ExpressionPtr base;
  if (is_sign("-") || is_sign("+")) {
    const bool negative = next().text == "-";
    base = make(line, Signed{negative, unary(false)});
  } else {
    base = primary();
  }
  std::vector<Step> steps;
  access_steps(steps);
  if (may_be_filtered) filter_steps(steps);
  if (steps.empty()) return base;
  return make(line, Postfix{std::move(base), std::move(steps)});
}

ExpressionPtr Parser::primary() {
  const int line = line_;
  switch (current().kind) {
    case TokenKind::name:
      return name();
    case TokenKind::text: {
      std::string text;
      while (current().kind == TokenKind::text) text += next().text;
      return make(line, Value::text_of(std::move(text)));
    }
    case TokenKind::integer:
      return make(line, Value(next().integer));
    case TokenKind::real:
      return make(line, Value(next().real));
    default:
      break;
  }
  if (is_sign("[")) return list();
  if (is_sign("{")) return dict();
  if (!skip_sign("(")) fail_at("an expression");
  ExpressionPtr inner = tuple(true, true);
  expect_sign(")");
  return inner;
}

ExpressionPtr Parser::name() {
  const int line = line_;
  const std::string word = next().text;
  if (word == "true" || word == "True") return make(line, Value(true));
  if (word == "false" || word == "False") return make(line, Value(false));
  if (word == "none" || word == "None") return make(line, Value::none());
  for (const std::string_view unbuilt : {"cycler", "joiner", "lipsum", "varargs", "kwargs", "self"})
    check(word != unbuilt, "'{}' is not one that omma knows", word);
  return make(line, Name{word});
}

ExpressionPtr Parser::list() {
  const int line = line_;
  expect_sign("[");
  ListLiteral items{SequenceKind::list, {}};
  while (!is_sign("]")) {
    if (!items.items.empty()) expect_sign(",");
    if (is_sign("]")) break;
    items.items.push_back(expression());
  }
  next();
  return make(line, std::move(items));
}

ExpressionPtr Parser::dict() {
  const int line = line_;
  expect_sign("{");
  DictLiteral items;
  while (!is_sign("}")) {
    if (!items.items.empty()) expect_sign(",");
    if (is_sign("}")) break;
    ExpressionPtr key = expression();
    expect_sign(":");
    items.items.emplace_back(std::move(key), expression());
  }
  next();
  return make(line, std::move(items));
}

void Parser::access_steps(std::vector<Step>& steps) {
  while (true) {
    const int line = line_;
    if (is_sign(".") || is_sign("[")) {
      steps.push_back(subscript());
    } else if (is_sign("(")) {
      steps.push_back({line, CallStep{arguments()}});
    } else {
      return;
    }
  }
}

void Parser::filter_steps(std::vector<Step>& steps) {
  while (true) {
    const int line = line_;
    if (skip_sign("|")) {
      steps.push_back(filter());
    } else if (skip_word("is")) {
      steps.push_back(test());
    } else if (is_sign("(")) {
      steps.push_back({line, CallStep{arguments()}});
    } else {
      return;
    }
  }
}

Step Parser::subscript() {
  const int line = line_;
  if (skip_sign(".")) {
    if (current().kind == TokenKind::name) return {line, AttributeStep{next().text}};
    if (current().kind != TokenKind::integer) fail_at("a name or a number");
    return {line, ItemStep{make(line, Value(next().integer))}};
  }
  expect_sign("[");
  ExpressionPtr bounds[3];
  std::size_t colons = 0;
  while (!is_sign("]")) {
    if (skip_sign(":")) {
      check(++colons <= 2, "expected at most two ':' in a slice");
    } else {
      check(bounds[colons] == nullptr, "expected ']' or ':'");
      bounds[colons] = expression();
    }
  }
  next();
  if (colons > 0) return {line, SliceStep{std::move(bounds[0]), std::move(bounds[1]), std::move(bounds[2])}};
  check(bounds[0] != nullptr, "expected a key in the brackets");
  return {line, ItemStep{std::move(bounds[0])}};
}

Step Parser::filter() {
  const int line = line_;
  const std::string name = expect_name();
  const Function* found = find_filter(name);
  if (found == nullptr) line_ = line;
  check(found != nullptr, "filter '{}' is not one that omma knows", name);
  return {line, FilterStep{found, is_sign("(") ? arguments() : ArgumentList{}}};
}

Step Parser::test() {
  const int line = line_;
  const bool negated = skip_word("not");
  const std::string name = expect_name();
  const Function* found = find_test(name);
  if (found == nullptr) line_ = line;
  check(found != nullptr, "test '{}' is not one that omma knows", name);
  ArgumentList listed;
  const bool ends = is_word("else") || is_word("or") || is_word("and");
  const bool begins = current().kind == TokenKind::name || current().kind == TokenKind::text ||
                      current().kind == TokenKind::integer || current().kind == TokenKind::real || is_sign("[") || is_sign("{");
  if (is_sign("(")) {
    listed = arguments();
  } else if (begins && !ends) {
    check(!is_word("is"), "tests cannot be chained with 'is'");
    const Deeper deeper(budget_);
    ExpressionPtr operand = primary();
    std::vector<Step> steps;
    access_steps(steps);
    if (!steps.empty()) operand = make(line, Postfix{std::move(operand), std::move(steps)});
    listed.positional.push_back(std::move(operand));
  }
  return {line, TestStep{found, std::move(listed), negated}};
}

ArgumentList Parser::arguments() {
  ArgumentList listed;
  expect_sign("(");
  bool is_first = true;
  while (!is_sign(")")) {
    if (!std::exchange(is_first, false)) expect_sign(",");
    if (is_sign(")")) break;
    check(!is_sign("*") && !is_sign("**"), "arguments by '{}' are not built", current().text);
    if (current().kind == TokenKind::name && following().kind == TokenKind::sign && following().text == "=") {
      std::string name = next().text;
      next();
      listed.named.emplace_back(std::move(name), expression());
    } else {
      check(listed.named.empty(), "an argument by place after one by name");
      listed.positional.push_back(expression());
    }
  }
  next();
  return listed;
}

}  // namespace omma::jinja
