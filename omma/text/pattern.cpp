#include "omma/text/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include "omma/base/error.h"
#include "omma/text/regex_syntax.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::size_t kMaxExpressionBytes = std::size_t{64} << 10;
constexpr std::uint32_t kHeapLimitKilobytes = 64 << 10;

// Steps one match may take. What published tokenizers use needs a few a character; nested repetitions need exponentially many.
std::uint32_t step_limit(std::size_t text_bytes) { return static_cast<std::uint32_t>(100'000 + 16 * text_bytes); }

template <auto release>
struct Release {
  template <class T>
  void operator()(T* pointer) const {
    release(pointer);
  }
};
using MatchContext = std::unique_ptr<pcre2_match_context, Release<pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Release<pcre2_match_data_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, Release<pcre2_compile_context_free>>;

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(error, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

}  // namespace

struct Pattern::Code {
  std::unique_ptr<pcre2_code, Release<pcre2_code_free>> compiled;
  std::string where;
};

Pattern Pattern::literal(std::string text) {
  check(!text.empty(), "pattern: expected a string that is not empty");
  return Pattern(std::move(text), nullptr);
}

Pattern Pattern::regex(std::string_view expression, std::string_view where) {
  check(expression.size() <= kMaxExpressionBytes, "{}: expected an expression of at most {} bytes, got {}", where,
        kMaxExpressionBytes, expression.size());
  const std::string translated = to_pcre2(expression, where);
  const CompileContext context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  constexpr std::uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_shared<Code>();
  code->where = where;
  code->compiled.reset(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(), options, &error, &offset, context.get()));
  if (!code->compiled) fail("{}: regular expression: {} at byte {} of \"{}\"", where, message_of(error), offset, translated);
  pcre2_jit_compile(code->compiled.get(), PCRE2_JIT_COMPLETE);  // where there is no JIT, the interpreter does the same
  return Pattern("", std::move(code));
}

Pattern Pattern::from_json(const json& object, const std::string& where) {
  check(object.is_object() && object.size() == 1 && object.begin()->is_string(),
        "{}: expected {{\"String\": \"...\"}} or {{\"Regex\": \"...\"}}", where);
  const std::string& kind = object.begin().key();
  const auto& text = object.begin()->get_ref<const std::string&>();
  if (kind == "Regex") return regex(text, where);
  check(kind == "String", "{}: expected \"String\" or \"Regex\", got \"{}\"", where, kind);
  check(!text.empty(), "{}: expected a string that is not empty", where);
  return literal(text);
}

namespace {

// Collects matches into parts that cover the text.
class PartList {
 public:
  explicit PartList(std::size_t size) : size_(size) {}

  void add_match(std::size_t begin, std::size_t end) {
    fill(begin);
    push(begin, end, true);
    done_ = end;
  }
  std::vector<TextPart> finish() {
    fill(size_);
    return std::move(parts_);
  }

 private:
  void fill(std::size_t until) {
    if (done_ < until) push(done_, until, false);
  }
  void push(std::size_t begin, std::size_t end, bool matches) {
    parts_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), matches});
  }
  std::vector<TextPart> parts_;
  std::size_t size_;
  std::size_t done_ = 0;
};

std::vector<TextPart> split_at_literal(std::string_view text, std::string_view literal) {
  PartList parts(text.size());
  for (std::size_t at = text.find(literal); at != std::string_view::npos; at = text.find(literal, at + literal.size()))
    parts.add_match(at, at + literal.size());
  return parts.finish();
}

// One search from `start`: whether there is a match. A JIT that runs out of stack leaves the work to the interpreter.
bool search(const pcre2_code& code, std::string_view text, std::size_t start, pcre2_match_data* data, pcre2_match_context* context,
            const std::string& where) {
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  int count = pcre2_match(&code, subject, text.size(), start, PCRE2_NO_UTF_CHECK, data, context);
  if (count == PCRE2_ERROR_JIT_STACKLIMIT)
    count = pcre2_match(&code, subject, text.size(), start, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, context);
  if (count < 0 && count != PCRE2_ERROR_NOMATCH)
    fail("{}: regular expression on {} bytes of text: {}", where, text.size(), message_of(count));
  return count >= 0;
}

}  // namespace

std::vector<TextPart> Pattern::split(std::string_view text) const {
  if (text.empty()) return {};
  if (!code_) return split_at_literal(text, literal_);
  const MatchContext context(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(context.get(), step_limit(text.size()));
  pcre2_set_heap_limit(context.get(), kHeapLimitKilobytes);
  const MatchData data(pcre2_match_data_create(1, nullptr));
  PartList parts(text.size());
  std::size_t previous_end = std::string_view::npos;
  for (std::size_t start = 0; start <= text.size();) {
    if (!search(*code_->compiled, text, start, data.get(), context.get(), code_->where)) break;
    const PCRE2_SIZE* const found = pcre2_get_ovector_pointer(data.get());
    const std::size_t begin = found[0];
    const std::size_t end = found[1];
    check(start <= begin && begin <= end, "{}: regular expression moves the beginning of its match", code_->where);
    const bool repeats = begin == end && begin == previous_end;  // an empty match right after the match before does not count
    if (!repeats) parts.add_match(begin, end);
    previous_end = end;
    if (begin == end) {
      start = end < text.size() ? end + utf8_size(text[end]) : end + 1;
    } else {
      start = end;
    }
  }
  return parts.finish();
}

}  // namespace omma
