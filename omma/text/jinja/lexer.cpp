#include "omma/text/jinja/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "omma/base/error.h"
#include "omma/text/jinja/characters.h"
#include "omma/text/jinja/escapes.h"
#include "omma/text/unicode.h"

namespace omma::jinja {

namespace {

// Line ends as "\n", and the one at the template's end left out.
std::string normalized(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      text += source[i];
    } else if (i + 1 == source.size() || source[i + 1] != '\n') {
      text += '\n';
    }
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

class Lexer {
 public:
  Lexer(std::string_view source, int& line) : source_(normalized(source)), text_(source_), line_(line) {}

  std::vector<Token> run() {
    line_ = 1;
    while (at_ < text_.size()) {
      const std::size_t open = next_tag();
      if (open == std::string_view::npos) {
        add_data(text_.substr(at_));
        move_to(text_.size());
      } else {
        read_tag(open);
      }
    }
    add(TokenKind::end, "");
    return std::move(tokens_);
  }

 private:
  std::size_t next_tag() const {
    for (std::size_t i = text_.find('{', at_); i != std::string_view::npos; i = text_.find('{', i + 1)) {
      if (i + 1 < text_.size() && std::string_view("%{#").find(text_[i + 1]) != std::string_view::npos) return i;
    }
    return std::string_view::npos;
  }

  void read_tag(std::size_t open) {
    const char kind = text_[open + 1];
    const std::optional<WordTag> raw = kind == '%' ? word_tag(open, "raw") : std::nullopt;
    const char sign = sign_at(open + 2);
    add_data(trimmed(text_.substr(at_, open - at_), kind == '{', sign));
    if (raw) {
      move_to(raw->end);
      read_raw();
      return;
    }
    move_to(open);
    if (kind == '#') return skip_comment(open + 2 + (sign != '\0' ? 1 : 0));
    add(kind == '{' ? TokenKind::variable_begin : TokenKind::block_begin, "");
    move_to(open + 2 + (sign != '\0' ? 1 : 0));
    read_code(kind == '%');
  }

  char sign_at(std::size_t at) const { return at < text_.size() && (text_[at] == '-' || text_[at] == '+') ? text_[at] : '\0'; }

  // The text before a tag, less what the tag's sign takes or, for a tag alone on its line, the space before it.
  std::string_view trimmed(std::string_view data, bool is_variable, char sign) const {
    if (sign == '-') return data.substr(0, strip(data, {.left = false}, is_space).end);
    if (sign == '+' || is_variable) return data;
    const std::size_t line_begin = data.rfind('\n') + 1;
    if (line_begin == 0 && !line_starting_) return data;
    const std::string_view margin = data.substr(line_begin);
    const bool only_space = strip(margin, {}, is_space).begin == margin.size();
    return only_space ? data.substr(0, line_begin) : data;
  }

  // {% raw %} or {% endraw %}
  struct WordTag {
    char sign;
    std::size_t end;
  };
  std::optional<WordTag> word_tag(std::size_t open, std::string_view word) const {
    const char sign = sign_at(open + 2);
    std::size_t at = skip_space(open + 2 + (sign != '\0' ? 1 : 0));
    if (!text_.substr(at).starts_with(word)) return std::nullopt;
    at = skip_space(at + word.size());
    const std::size_t end = tag_end(at, "%}", word == "endraw", word == "endraw");
    if (end == at) return std::nullopt;
    return WordTag{sign, end};
  }

  std::size_t skip_space(std::size_t at) const { return at + strip(text_.substr(at), {.right = false}, is_space).begin; }

  // Behind the tag's end if it is at `at`, else `at`. "-" takes all space behind it, a bare end of a block one line end.
  std::size_t tag_end(std::size_t at, std::string_view end, bool may_keep, bool trims) const {
    const std::string_view rest = text_.substr(at);
    if (may_keep && rest.starts_with('+') && rest.substr(1).starts_with(end)) return at + 3;
    if (rest.starts_with('-') && rest.substr(1).starts_with(end)) return skip_space(at + 3);
    if (!rest.starts_with(end)) return at;
    return at + 2 + (trims && rest.substr(2).starts_with('\n') ? 1 : 0);
  }

  void read_raw() {
    for (std::size_t open = text_.find("{%", at_); open != std::string_view::npos; open = text_.find("{%", open + 1)) {
      const auto end = word_tag(open, "endraw");
      if (!end) continue;
      add_data(trimmed(text_.substr(at_, open - at_), false, end->sign));
      return move_to(end->end);
    }
    fail("expected {{% endraw %}}");
  }

  void skip_comment(std::size_t begin) {
    for (std::size_t i = begin; i < text_.size(); ++i) {
      const std::size_t end = tag_end(i, "#}", true, true);
      if (end != i) return move_to(end);
    }
    fail("a comment without its end");
  }

  void read_code(bool is_block) {
    std::string open_brackets;
    while (at_ < text_.size()) {
      const std::size_t end = open_brackets.empty() ? tag_end(at_, is_block ? "%}" : "}}", is_block, is_block) : at_;
      if (end != at_) {
        add(is_block ? TokenKind::block_end : TokenKind::variable_end, "");
        return move_to(end);
      }
      const std::size_t code = skip_space(at_);
      if (code != at_) {
        move_to(code);
      } else {
        read_token(open_brackets);
      }
    }
  }

  void read_token(std::string& open_brackets) {
    const char byte = text_[at_];
    if (is_digit(byte)) return read_number();
    if (byte == '\'' || byte == '"') return read_text(byte);
    std::size_t end = at_;
    while (end < text_.size() && is_name_character(end)) end += utf8_size(text_[end]);
    if (end > at_) {
      add(TokenKind::name, std::string(text_.substr(at_, end - at_)));
      return move_to(end);
    }
    read_sign(open_brackets);
  }

  bool is_name_character(std::size_t at) const {
    const char32_t code = decode_utf8(text_, at).code;
    return code == '_' || is_letter(code) || is_number(code);
  }

  void read_sign(std::string& open_brackets) {
    static constexpr std::string_view kPairs[] = {"//", "**", "==", "!=", ">=", "<="};
    const std::string_view two = text_.substr(at_, 2);
    const bool is_pair = std::find(std::begin(kPairs), std::end(kPairs), two) != std::end(kPairs);
    const char byte = text_[at_];
    check(is_pair || std::string_view("+-/*%~[](){}><=.:|,;").find(byte) != std::string_view::npos, "unexpected character '{}'",
          text_.substr(at_, utf8_size(byte)));
    if (byte == '(' || byte == '[' || byte == '{') open_brackets += byte == '(' ? ')' : byte == '[' ? ']' : '}';
    if (byte == ')' || byte == ']' || byte == '}') {
      check(!open_brackets.empty() && open_brackets.back() == byte, "unexpected '{}'", byte);
      open_brackets.pop_back();
    }
    add(TokenKind::sign, std::string(is_pair ? two : two.substr(0, 1)));
    move_to(at_ + (is_pair ? 2 : 1));
  }

  // The end of digits with single underscores between them.
  std::size_t digits_end(std::size_t at) const {
    while (at < text_.size() && (is_digit(text_[at]) || (text_[at] == '_' && at + 1 < text_.size() && is_digit(text_[at + 1]))))
      ++at;
    return at;
  }

  // Where a number with a point or an exponent ends; the end of its digits where it has neither.
  std::size_t real_end(std::size_t whole_end) const {
    if (at_ > 0 && text_[at_ - 1] == '.') return whole_end;  // the second number of a.0.5 is no real one
    std::size_t end = whole_end;
    const auto digit_at = [&](std::size_t at) { return at < text_.size() && is_digit(text_[at]); };
    if (end < text_.size() && text_[end] == '.' && digit_at(end + 1)) end = digits_end(end + 1);
    if (end < text_.size() && (text_[end] | 0x20) == 'e') {
      const std::size_t digits = end + 1 + (sign_at(end + 1) != '\0' ? 1 : 0);
      if (digit_at(digits)) end = digits_end(digits);
    }
    return end;
  }

  void read_number() {
    std::size_t end = digits_end(at_);
    const std::size_t real = real_end(end);
    int base = 10;
    if (real == end && text_[at_] == '0' && at_ + 2 < text_.size()) {
      const char letter = static_cast<char>(text_[at_ + 1] | 0x20);
      base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    }
    if (base != 10) {
      end = at_ + 2;
      while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_')) ++end;
    }
    std::string digits(text_.substr(at_ + (base != 10 ? 2 : 0), (real > end ? real : end) - at_ - (base != 10 ? 2 : 0)));
    std::erase(digits, '_');
    Token token{real > end ? TokenKind::real : TokenKind::integer, digits, line_};
    if (real > end) {
      token.real = std::strtod(digits.c_str(), nullptr);
    } else {
      const bool leading_zero = base == 10 && digits[0] == '0' && digits.find_first_not_of('0') != std::string::npos;
      const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), token.integer, base);
      check(!digits.empty() && !leading_zero && read.ptr == digits.data() + digits.size(), "expected a number, got '{}'", digits);
      check(read.ec == std::errc(), "an integer leaves 64 bits");
    }
    tokens_.push_back(std::move(token));
    move_to(std::max(real, end));
  }

  void read_text(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2 : 1;
    check(end < text_.size(), "a text without its closing quote");
    add(TokenKind::text, unescaped(text_.substr(at_ + 1, end - at_ - 1)));
    move_to(end + 1);
  }

  void add(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }
  void add_data(std::string_view data) {
    if (!data.empty()) add(TokenKind::data, std::string(data));
  }
  void move_to(std::size_t end) {
    line_ += static_cast<int>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_), text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    if (end > at_) line_starting_ = text_[end - 1] == '\n';
    at_ = end;
  }

  std::string source_;
  std::string_view text_;
  int& line_;
  std::size_t at_ = 0;
  bool line_starting_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, int& line) { return Lexer(source, line).run(); }

}  // namespace omma::jinja
