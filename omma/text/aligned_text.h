// A text that is rewritten step by step and still knows, byte by byte, where in the input it came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/text/pattern.h"
#include "omma/text/unicode.h"

namespace omma {

// [begin, end) in bytes of the input.
struct SourceSpan {
  std::uint32_t begin;
  std::uint32_t end;
};

// What becomes of the matches when a text is split at them, for "a-b--c" at "-":
enum class SplitBehavior {
  removed,               // a b c
  isolated,              // a - b - - c
  merged_with_previous,  // a- b- - c
  merged_with_next,      // a -b - -c
  contiguous,            // a - b -- c
};

// Always valid UTF-8. Rewriting throws std::invalid_argument where the text grows over kMaxTextBytes.
class AlignedText {
 public:
  static constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20;

  AlignedText() = default;
  // Malformed parts of the input become U+FFFD, aligned to the bytes they stand for.
  explicit AlignedText(std::string_view input);

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  // Where this piece began in the input when it was cut, whatever was rewritten since.
  std::uint32_t source_begin() const { return source_begin_; }
  // What the bytes [begin, end) stand for; the range is cut to the text.
  SourceSpan source(std::size_t begin, std::size_t end) const;

  // The bytes [begin, end), on character borders.
  AlignedText slice(std::size_t begin, std::size_t end) const;
  // The pieces, without empty ones; `parts` cover the text.
  std::vector<AlignedText> split(std::span<const TextPart> parts, SplitBehavior behavior) const;

  // The whole text becomes `characters`, written over the text after its first `skip` characters; see RewrittenCharacter.
  void rewrite(std::span<const RewrittenCharacter> characters, std::size_t skip = 0);
  void filter(const std::function<bool(char32_t)>& keep);
  void map(const std::function<char32_t(char32_t)>& change);
  void to_lower();
  void to_normal_form(NormalForm form);
  void prepend(std::string_view prefix);  // nothing where the text is empty
  void strip(bool left, bool right);      // white space
  void replace(const Pattern& pattern, std::string_view content);
  // Each byte becomes the character that byte-level BPE writes for it.
  void to_byte_characters();

 private:
  void append(char32_t code, SourceSpan source);

  std::string text_;
  std::vector<SourceSpan> sources_;  // one for each byte of text_
  std::uint32_t source_begin_ = 0;
};

// The characters that are in the class, one by one, and what lies between them.
std::vector<TextPart> split_at(std::string_view text, const std::function<bool(char32_t)>& is_match);

}  // namespace omma
