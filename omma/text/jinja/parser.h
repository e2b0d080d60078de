// Tokens to the syntax tree, as Jinja 3.1 parses them.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "omma/text/jinja/lexer.h"
#include "omma/text/jinja/syntax.h"

namespace omma::jinja {

class Parser {
 public:
  // `line` follows the token that is read.
  Parser(std::vector<Token> tokens, const JinjaLimits& limits, int& line)
      : tokens_(std::move(tokens)), budget_(limits), line_(line) {}

  // The whole template. Throws std::invalid_argument for malformed syntax, and for tags, filters, tests and functions that are not
  // built.
  Body parse();

 private:
  // Of the tokens.
  const Token& current() const { return tokens_[at_]; }
  const Token& following() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  Token next();
  bool is_sign(std::string_view sign) const { return current().kind == TokenKind::sign && current().text == sign; }
  bool is_word(std::string_view word) const { return current().kind == TokenKind::name && current().text == word; }
  bool skip_sign(std::string_view sign);
  bool skip_word(std::string_view word);
  void expect_sign(std::string_view sign);
  void expect(TokenKind kind, std::string_view what);
  std::string expect_name();
  [[noreturn]] void fail_at(std::string_view expected) const;

  // Statements: statements.cpp.
  Body body(std::initializer_list<std::string_view> ends);  // up to one of these tags, whose word is then current
  Body block(std::string_view end);                         // the rest of a tag, a body and its end tag
  Body own_block(std::string_view end);                     // one that no loop around it can leave
  Statement statement();
  Statement known_statement(const std::string& tag, int line);
  Statement print_statement(int line);
  Statement set(int line);
  Statement if_statement(int line);
  Statement for_statement(int line);
  Statement with(int line);
  Statement call_block(int line);
  Statement leave_loop(const std::string& tag, int line);
  Macro macro();
  std::vector<std::pair<std::string, ExpressionPtr>> parameters();
  Target target(bool may_be_attribute);
  Target single_target(bool may_be_attribute);
  std::vector<Step> filters();

  // Expressions, weakest operator first: expressions.cpp.
  ExpressionPtr tuple(bool may_be_conditional, bool is_in_brackets = false);  // one expression, or several between commas
  ExpressionPtr expression();
  ExpressionPtr logic_or();
  ExpressionPtr logic_and();
  ExpressionPtr logic_not();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr join();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool may_be_filtered);
  ExpressionPtr primary();
  ExpressionPtr name();
  ExpressionPtr list();
  ExpressionPtr dict();
  ExpressionPtr arithmetic(ExpressionPtr (Parser::*operand)(),
                           std::initializer_list<std::pair<std::string_view, Arithmetic>> signs);
  ExpressionPtr logic(ExpressionPtr (Parser::*operand)(), std::string_view word, bool is_or);
  void access_steps(std::vector<Step>& steps);
  void filter_steps(std::vector<Step>& steps);
  Step subscript();
  Step filter();
  Step test();
  ArgumentList arguments();

  std::vector<Token> tokens_;
  Budget budget_;  // of depth
  int& line_;
  std::size_t at_ = 0;
  int open_loops_ = 0;  // that "break" may leave
};

}  // namespace omma::jinja
