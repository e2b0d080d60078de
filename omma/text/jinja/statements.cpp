#include <algorithm>

#include "omma/text/jinja/parser.h"

namespace omma::jinja {

Token Parser::next() {
  Token token = std::move(tokens_[at_]);
  if (at_ + 1 < tokens_.size()) {
    ++at_;
  } else {
    tokens_[at_].kind = TokenKind::end;
  }
  line_ = current().line;
  return token;
}

void Parser::fail_at(std::string_view expected) const {
  static constexpr std::string_view kKinds[] = {
      "text", "{{", "}}", "{%", "%}", "a name", "a text", "an integer", "a number", "a sign", "the end of the template"};
  const bool is_written = current().kind == TokenKind::name || current().kind == TokenKind::sign;
  const std::string got = is_written ? fmt::format("'{}'", current().text) : std::string(kKinds[static_cast<int>(current().kind)]);
  fail("expected {}, got {}", expected, got);
}

bool Parser::skip_sign(std::string_view sign) {
  const bool found = is_sign(sign);
  if (found) next();
  return found;
}

bool Parser::skip_word(std::string_view word) {
  const bool found = is_word(word);
  if (found) next();
  return found;
}

void Parser::expect_sign(std::string_view sign) {
  if (!skip_sign(sign)) fail_at(fmt::format("'{}'", sign));
}

void Parser::expect(TokenKind kind, std::string_view what) {
  if (current().kind != kind) fail_at(what);
  next();
}

std::string Parser::expect_name() {
  if (current().kind != TokenKind::name) fail_at("a name");
  return next().text;
}

Body Parser::parse() {
  line_ = current().line;
  return body({});
}

Body Parser::body(std::initializer_list<std::string_view> ends) {
  const Deeper deeper(budget_);
  Body statements;
  while (true) {
    const int line = current().line;
    if (current().kind == TokenKind::data) {
      statements.push_back({line, TextStatement{next().text}});
    } else if (current().kind == TokenKind::variable_begin) {
      next();
      statements.push_back({line, Output{tuple(true)}});
      expect(TokenKind::variable_end, "}}");
    } else if (current().kind == TokenKind::block_begin) {
      next();
      if (std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return is_word(end); })) return statements;
      statements.push_back(statement());
      expect(TokenKind::block_end, "%}");
    } else {
      if (ends.size() > 0) fail_at(fmt::format("{{% {} %}}", *(ends.end() - 1)));
      return statements;
    }
  }
}

Body Parser::block(std::string_view end) {
  skip_sign(":");
  expect(TokenKind::block_end, "%}");
  Body statements = body({end});
  next();
  return statements;
}

Body Parser::own_block(std::string_view end) {
  const int loops = std::exchange(open_loops_, 0);
  Body statements = block(end);
  open_loops_ = loops;
  return statements;
}

Statement Parser::statement() {
  const int line = current().line;
  if (current().kind != TokenKind::name) fail_at("the name of a tag");
  const std::string tag = next().text;
  return known_statement(tag, line);
}

Statement Parser::known_statement(const std::string& tag, int line) {
  if (tag == "set") return set(line);
  if (tag == "if") return if_statement(line);
  if (tag == "for") return for_statement(line);
  if (tag == "macro") return {line, macro()};
  if (tag == "call") return call_block(line);
  if (tag == "with") return with(line);
  if (tag == "break" || tag == "continue") return leave_loop(tag, line);
  if (tag == "generation") return {line, With{{}, own_block("endgeneration")}};
  if (tag == "print") return print_statement(line);
  if (tag == "filter") {
    std::vector<Step> steps;
    steps.push_back(filter());
    filter_steps(steps);
    return {line, FilterBlock{std::move(steps), own_block("endfilter")}};
  }
  line_ = line;
  fail("tag '{}' is not one that omma knows here", tag);
}

Statement Parser::print_statement(int line) {
  TextJoin printed;
  do printed.parts.push_back(expression());
  while (skip_sign(","));
  return {line, Output{std::make_unique<const Expression>(Expression{line, std::move(printed)})}};
}

Statement Parser::set(int line) {
  Target assigned = target(true);
  if (skip_sign("=")) return {line, Assignment{std::move(assigned), tuple(true)}};
  std::vector<Step> steps = filters();
  return {line, BlockAssignment{std::move(assigned), std::move(steps), own_block("endset")}};
}

Statement Parser::if_statement(int line) {
  If branches;
  do {
    ExpressionPtr condition = tuple(false);
    skip_sign(":");
    expect(TokenKind::block_end, "%}");
    branches.branches.emplace_back(std::move(condition), body({"elif", "else", "endif"}));
  } while (skip_word("elif"));
  if (skip_word("else")) {
    branches.otherwise = block("endif");
  } else {
    next();
  }
  return {line, std::move(branches)};
}

Statement Parser::for_statement(int line) {
  For loop;
  loop.target = target(false);
  if (!skip_word("in")) fail_at("'in'");
  loop.items = tuple(false);
  if (skip_word("if")) loop.condition = expression();
  check(!is_word("recursive"), "a recursive loop is not one that omma knows");
  skip_sign(":");
  expect(TokenKind::block_end, "%}");
  ++open_loops_;
  loop.body = body({"else", "endfor"});
  --open_loops_;
  if (skip_word("else")) {
    loop.otherwise = block("endfor");
  } else {
    next();
  }
  return {line, std::move(loop)};
}

Statement Parser::leave_loop(const std::string& tag, int line) {
  check(open_loops_ > 0, "'{}' outside of a loop", tag);
  if (tag == "break") return {line, Break{}};
  return {line, Continue{}};
}

Statement Parser::with(int line) {
  With names;
  while (current().kind != TokenKind::block_end) {
    if (!names.values.empty()) expect_sign(",");
    Target assigned = target(false);
    expect_sign("=");
    names.values.emplace_back(std::move(assigned), expression());
  }
  names.body = block("endwith");
  return {line, std::move(names)};
}

Macro Parser::macro() {
  Macro made;
  made.name = expect_name();
  made.parameters = parameters();
  made.body = own_block("endmacro");
  return made;
}

std::vector<std::pair<std::string, ExpressionPtr>> Parser::parameters() {
  std::vector<std::pair<std::string, ExpressionPtr>> listed;
  expect_sign("(");
  while (!is_sign(")")) {
    if (!listed.empty()) expect_sign(",");
    std::string parameter = expect_name();
    ExpressionPtr otherwise = skip_sign("=") ? expression() : nullptr;
    check(otherwise || listed.empty() || !listed.back().second, "a parameter without a default after one that has it");
    listed.emplace_back(std::move(parameter), std::move(otherwise));
  }
  next();
  return listed;
}

Statement Parser::call_block(int line) {
  CallBlock call;
  call.caller.name = "caller";
  if (is_sign("(")) call.caller.parameters = parameters();
  ExpressionPtr called = expression();
  auto* postfix = const_cast<Postfix*>(std::get_if<Postfix>(&called->content));  // ours alone so far
  auto* last = postfix == nullptr ? nullptr : std::get_if<CallStep>(&postfix->steps.back().content);
  check(last != nullptr, "expected a call after {{% call %}}");
  call.arguments = std::move(last->arguments);
  postfix->steps.pop_back();
  call.callee = std::move(called);
  call.caller.body = own_block("endcall");
  return {line, std::move(call)};
}

Target Parser::single_target(bool may_be_attribute) {
  const Deeper deeper(budget_);
  if (skip_sign("(")) {
    Target inner = target(may_be_attribute);
    expect_sign(")");
    return inner;
  }
  static constexpr std::string_view kConstants[] = {"true", "false", "none", "True", "False", "None"};
  Target assigned;
  assigned.name = expect_name();
  const bool is_constant = std::find(std::begin(kConstants), std::end(kConstants), assigned.name) != std::end(kConstants);
  check(!is_constant, "cannot assign to '{}'", assigned.name);
  if (may_be_attribute && skip_sign(".")) assigned.attribute = expect_name();
  return assigned;
}

Target Parser::target(bool may_be_attribute) {
  Target first = single_target(may_be_attribute);
  if (!is_sign(",")) return first;
  Target several;
  several.parts.push_back(std::move(first));
  while (skip_sign(",")) {
    const bool goes_on = (current().kind == TokenKind::name && !is_word("in")) || is_sign("(");
    if (!goes_on) break;
    several.parts.push_back(single_target(may_be_attribute));
  }
  return several;
}

std::vector<Step> Parser::filters() {
  std::vector<Step> steps;
  while (skip_sign("|")) steps.push_back(filter());
  return steps;
}

}  // namespace omma::jinja
