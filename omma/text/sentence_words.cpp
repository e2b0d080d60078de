#include "omma/text/sentence_words.h"

#include <algorithm>
#include <array>

#include "omma/text/unicode.h"
#include "omma/text/utf8.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, 7> titles = {"mr", "mrs", "ms", "dr", "st", "prof", "jr"};
constexpr std::array<std::string_view, 6> endings = {"s", "re", "ll", "ve", "m", "d"};  // after an apostrophe

bool is_apostrophe(char32_t code) { return code == '\'' || code == 0x2019; }
bool is_hyphen(char32_t code) { return code == '-' || code == 0xAD || code == 0x2010 || code == 0x2011; }
bool is_comma(char32_t code) { return code == ',' || code == 0x3001 || code == 0xFF0C; }
bool is_trade_mark(char32_t code) { return code == 0xA9 || code == 0xAE || code == 0x2122; }
bool is_opening_quote(char32_t code) { return code == '\'' || code == 0x2018; }

template <class List>
bool contains(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<SentenceWord> split() {
    while (at_ < text_.size()) {
      if (starts_word(at_)) {
        read_word();
      } else {
        read_gap();
      }
    }
    return std::move(words_);
  }

 private:
  // 0 past the end.
  char32_t code_at(std::size_t position) const { return position < text_.size() ? decode_utf8(text_, position).code : 0; }
  std::size_t after(std::size_t position) const { return position + decode_utf8(text_, position).size; }
  bool is_word(std::size_t position) const { return is_word_character(code_at(position)); }
  // Not a mark, a joiner or "_"; nor "½", which is a number and no part of a word.
  bool starts_word(std::size_t position) const {
    return is_word(position) && (is_letter(code_at(position)) || is_number(code_at(position)));
  }
  bool is_digit(std::size_t position) const { return is_decimal_digit(code_at(position)); }
  bool is_single_letter(std::size_t position) const {
    return is_letter(code_at(position)) && !is_word(after(position)) && !is_hyphen(code_at(after(position)));
  }

  // Whether the sign at `at_` holds what comes next and the letter or digit at `last` together, the `part`th since the word's begin
  // or its last full stop.
  bool joins(std::size_t last, std::size_t part) const {
    const char32_t sign = code_at(at_);
    const std::size_t next = after(at_);
    if (is_hyphen(sign) || is_apostrophe(sign)) return is_word(next);
    if (sign == '.' && part == 1 && is_letter(code_at(last))) return is_single_letter(next);
    return (sign == '.' || sign == ',' || sign == ':') && is_digit(last) && is_digit(next);
  }

  void read_word() {
    const std::size_t begin = at_;
    std::size_t last = at_, part = 0, apostrophe = std::string_view::npos;
    bool is_initials = false;
    for (; at_ < text_.size(); at_ = after(at_)) {
      if (is_word(at_)) {
        last = at_;
        ++part;
      } else if (!joins(last, part)) {
        break;
      } else if (is_apostrophe(code_at(at_))) {
        apostrophe = at_;
      } else if (code_at(at_) == '.') {
        is_initials = is_letter(code_at(last));
        part = 0;
      }
    }
    if (apostrophe != std::string_view::npos && contains(endings, key_of({after(apostrophe), at_}))) {
      add({begin, apostrophe});
      add({apostrophe, at_});
      return;
    }
    if (code_at(at_) == '.' && (is_initials || contains(titles, key_of({begin, at_})))) ++at_;
    add({begin, at_});
    if (!ends_plural_owner(last)) return;
    const std::size_t owner = at_;
    at_ = after(at_);
    add({owner, at_});
  }

  // "dogs' bowl": not where a quotation ends, as in "'the dogs' and".
  bool ends_plural_owner(std::size_t last) const {
    if ((code_at(last) != 's' && code_at(last) != 'S') || in_quotes_ || !is_apostrophe(code_at(at_))) return false;
    const std::size_t next = after(at_);
    return code_at(next) == ' ' && starts_word(next + 1);
  }

  void read_gap() {
    const DecodedCharacter sign = decode_utf8(text_, at_);
    if (sign.code == '&') {
      add({at_, at_ + 1});
    } else if (is_comma(sign.code)) {
      gap_ = std::max(gap_, WordGap::comma);
    } else if (!is_white_space(sign.code) && !is_control(sign.code) && !is_trade_mark(sign.code)) {
      gap_ = WordGap::stop;
    }
    at_ += sign.size;
    if (in_quotes_ && is_apostrophe(sign.code)) {
      in_quotes_ = false;
    } else if (is_opening_quote(sign.code)) {
      in_quotes_ = is_word(at_);
    }
  }

  std::string key_of(TextSpan span) const {
    std::string key;
    for (std::size_t i = span.begin; i < span.end; i = after(i)) {
      const char32_t code = code_at(i);
      if (is_apostrophe(code)) {
        key += '\'';
      } else {
        append_utf8(key, code >= 'A' && code <= 'Z' ? code + 32 : code);
      }
    }
    return key;
  }

  void add(TextSpan span) {
    words_.push_back({.span = span, .key = key_of(span), .before = gap_});
    gap_ = WordGap::none;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  WordGap gap_ = WordGap::stop;
  bool in_quotes_ = false;  // single ones
  std::vector<SentenceWord> words_;
};

}  // namespace

std::vector<SentenceWord> sentence_words(std::string_view sentence) { return Splitter(sentence).split(); }

}  // namespace omma
