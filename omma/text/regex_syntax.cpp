#include "omma/text/regex_syntax.h"

#include <cstddef>

#include "omma/base/error.h"

namespace omma {

namespace {

// Contents of the shorthand classes, to stand in brackets. PCRE2's own \s has U+180E besides, its \w only the underscore of Pc.
constexpr std::string_view kSpace = R"(\t-\r\x{85}\p{Z})";
constexpr std::string_view kWord =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{b2}\x{b3}\x{b9}\x{bc}-\x{be}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";
constexpr std::string_view kHexDigit = "0-9A-Fa-f";

std::string_view shorthand(char letter) {
  switch (letter) {
    case 's':
    case 'S':
      return kSpace;
    case 'w':
    case 'W':
      return kWord;
    case 'h':
    case 'H':
      return kHexDigit;
    default:
      return {};
  }
}

class Translator {
 public:
  Translator(std::string_view expression, std::string_view where) : in_(expression), where_(where) {}

  std::string run() {
    while (at_ < in_.size()) {
      if (in_[at_] == '\\') {
        escape();
      } else if (in_[at_] == '[' && !in_set_) {
        open_set();
      } else if (in_set_) {
        set_member();
      } else {
        check_group();
        out_ += in_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  void escape() {
    check(at_ + 1 < in_.size(), "{}: expression ends in a backslash", where_);
    const char letter = in_[at_ + 1];
    const std::string_view contents = shorthand(letter);
    check(letter != 'Q', "{}: quoting by \\Q at byte {} is not supported", where_, at_);
    const bool negated = letter == 'S' || letter == 'W' || letter == 'H';
    at_ += 2;
    if (contents.empty() || (in_set_ && negated)) {  // a complement in brackets differs only in characters that hardly occur
      out_ += '\\';
      out_ += letter;
    } else if (in_set_) {
      out_ += contents;
    } else {
      out_ += negated ? "[^" : "[";
      out_ += contents;
      out_ += ']';
    }
  }

  void open_set() {
    in_set_ = true;
    out_ += in_[at_++];
    if (at_ < in_.size() && in_[at_] == '^') out_ += in_[at_++];
    if (at_ < in_.size() && in_[at_] == ']') {  // a bracket that comes first is a member
      out_ += "\\]";
      ++at_;
    }
  }

  void set_member() {
    const std::string_view rest = in_.substr(at_);
    check(!rest.starts_with("&&"), "{}: set operation && at byte {} is not supported", where_, at_);
    if (rest.starts_with("[:")) {
      const std::size_t end = rest.find(":]");
      check(end != std::string_view::npos, "{}: expected :] after [: at byte {}", where_, at_);
      out_ += rest.substr(0, end + 2);
      at_ += end + 2;
      return;
    }
    check(rest[0] != '[', "{}: nested set at byte {} is not supported", where_, at_);
    in_set_ = rest[0] != ']';
    out_ += rest[0];
    ++at_;
  }

  // Oniguruma's option m is PCRE2's s, and PCRE2 has groups of its own; only what means the same in both passes.
  void check_group() const {
    const std::string_view rest = in_.substr(at_);
    check(!rest.starts_with("(*"), "{}: \"(*\" at byte {} is not supported", where_, at_);
    if (!rest.starts_with("(?")) return;
    std::size_t i = 2;
    if (i < rest.size() && std::string_view(":=!<>").find(rest[i]) != std::string_view::npos) return;
    while (i < rest.size() && (rest[i] == 'i' || rest[i] == '-')) ++i;
    check(i < rest.size() && (rest[i] == ':' || rest[i] == ')'), "{}: group \"(?\" at byte {} is not supported", where_, at_);
  }

  std::string_view in_;
  std::string_view where_;
  std::size_t at_ = 0;
  bool in_set_ = false;
  std::string out_;
};

}  // namespace

std::string to_pcre2(std::string_view expression, std::string_view where) { return Translator(expression, where).run(); }

}  // namespace omma
