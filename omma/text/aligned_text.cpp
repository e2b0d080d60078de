#include "omma/text/aligned_text.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/text/byte_level.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Calls visit(code) for each character of a valid text.
template <class Visit>
void for_each_character(std::string_view text, Visit&& visit) {
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text, i);
    visit(character.code);
    i += character.size;
  }
}

// Joins parts as the behavior says; what is left unmarked (matches: false) stays in the text.
std::vector<TextPart> join_parts(std::span<const TextPart> parts, SplitBehavior behavior) {
  std::vector<TextPart> joined;
  bool previous = false;  // whether the part before was a match
  for (const TextPart& part : parts) {
    bool joins = false;
    if (behavior == SplitBehavior::contiguous) joins = part.matches == previous;
    if (behavior == SplitBehavior::merged_with_previous) joins = part.matches && !previous;
    if (joins && !joined.empty()) {
      joined.back().end = part.end;
    } else {
      joined.push_back({part.begin, part.end, behavior == SplitBehavior::removed && part.matches});
    }
    previous = part.matches;
  }
  return joined;
}

// As merged_with_previous, seen from the end of the text.
std::vector<TextPart> join_with_next(std::span<const TextPart> parts) {
  std::vector<TextPart> joined;
  bool previous = false;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part->matches && !previous && !joined.empty()) {
      joined.back().begin = part->begin;
    } else {
      joined.push_back({part->begin, part->end, false});
    }
    previous = part->matches;
  }
  std::reverse(joined.begin(), joined.end());
  return joined;
}

}  // namespace

AlignedText::AlignedText(std::string_view input) {
  check(input.size() <= kMaxTextBytes, "text: expected at most {} bytes, got {}", kMaxTextBytes, input.size());
  text_.reserve(input.size());
  sources_.reserve(input.size());
  for (std::size_t i = 0; i < input.size();) {
    const DecodedCharacter character = decode_utf8(input, i);
    const auto begin = static_cast<std::uint32_t>(i);
    append(character.code, {begin, begin + character.size});
    i += character.size;
  }
}

void AlignedText::append(char32_t code, SourceSpan source) {
  append_utf8(text_, code);
  sources_.resize(text_.size(), source);
  check(text_.size() <= kMaxTextBytes, "normalized text: expected at most {} bytes", kMaxTextBytes);
}

SourceSpan AlignedText::source(std::size_t begin, std::size_t end) const {
  end = std::min(end, sources_.size());
  if (begin >= end) return {source_begin_, source_begin_};
  return {sources_[begin].begin, sources_[end - 1].end};
}

AlignedText AlignedText::slice(std::size_t begin, std::size_t end) const {
  AlignedText piece;
  piece.text_ = text_.substr(begin, end - begin);
  piece.sources_.assign(sources_.begin() + static_cast<std::ptrdiff_t>(begin), sources_.begin() + static_cast<std::ptrdiff_t>(end));
  piece.source_begin_ = begin < end ? sources_[begin].begin : source_begin_;
  return piece;
}

std::vector<AlignedText> AlignedText::split(std::span<const TextPart> parts, SplitBehavior behavior) const {
  const std::vector<TextPart> joined =
      behavior == SplitBehavior::merged_with_next ? join_with_next(parts) : join_parts(parts, behavior);
  std::vector<AlignedText> pieces;
  pieces.reserve(joined.size());
  for (const TextPart& part : joined) {
    if (!part.matches && part.begin < part.end) pieces.push_back(slice(part.begin, part.end));
  }
  return pieces;
}

void AlignedText::rewrite(std::span<const RewrittenCharacter> characters, std::size_t skip) {
  AlignedText result;
  result.text_.reserve(text_.size());
  result.sources_.reserve(text_.size());
  std::size_t position = 0;  // in the text as it was
  const auto pass = [&](std::size_t count) {
    for (; count > 0 && position < text_.size(); --count) position += utf8_size(text_[position]);
  };
  pass(skip);
  for (const RewrittenCharacter& character : characters) {
    SourceSpan source{0, 0};
    if (character.change > 0) {
      if (position > 0) source = sources_[position - 1];  // an insertion belongs to what stands before it
    } else {
      if (position < sources_.size()) source = sources_[position];
      pass(1 + static_cast<std::size_t>(-character.change));
    }
    result.append(character.code, source);
  }
  text_ = std::move(result.text_);
  sources_ = std::move(result.sources_);
}

void AlignedText::filter(const std::function<bool(char32_t)>& keep) {
  std::vector<RewrittenCharacter> kept;
  std::size_t removed_first = 0;
  for_each_character(text_, [&](char32_t code) {
    if (keep(code)) {
      kept.push_back({code, 0});
    } else if (kept.empty()) {
      ++removed_first;
    } else {
      --kept.back().change;
    }
  });
  rewrite(kept, removed_first);
}

void AlignedText::map(const std::function<char32_t(char32_t)>& change) {
  std::vector<RewrittenCharacter> mapped;
  mapped.reserve(text_.size());
  for_each_character(text_, [&](char32_t code) { mapped.push_back({change(code), 0}); });
  rewrite(mapped);
}

void AlignedText::to_lower() {
  std::vector<RewrittenCharacter> lowered;
  lowered.reserve(text_.size());
  for_each_character(text_, [&](char32_t code) {
    const LowerCase lower = lower_case(code);
    lowered.push_back({lower.first, 0});
    if (lower.second != 0) lowered.push_back({lower.second, 1});
  });
  rewrite(lowered);
}

void AlignedText::to_normal_form(NormalForm form) {
  if (is_ascii(text_)) return;
  rewrite(normal_form(text_, form));
}

void AlignedText::prepend(std::string_view prefix) {
  if (text_.empty()) return;
  check(text_.size() + prefix.size() <= kMaxTextBytes, "normalized text: expected at most {} bytes", kMaxTextBytes);
  text_.insert(0, prefix);
  sources_.insert(sources_.begin(), prefix.size(), sources_.front());  // the prefix belongs to the first character
}

void AlignedText::strip(bool left, bool right) {
  const auto is_space = [this](std::size_t i) { return is_white_space(decode_utf8(text_, i).code); };
  std::size_t begin = 0;
  while (left && begin < text_.size() && is_space(begin)) begin += utf8_size(text_[begin]);
  std::size_t end = text_.size();
  while (right && end > begin) {
    std::size_t last = end - 1;
    while ((static_cast<unsigned char>(text_[last]) & 0xC0) == 0x80) --last;
    if (!is_space(last)) break;
    end = last;
  }
  text_ = text_.substr(begin, end - begin);
  sources_.erase(sources_.begin() + static_cast<std::ptrdiff_t>(end), sources_.end());
  sources_.erase(sources_.begin(), sources_.begin() + static_cast<std::ptrdiff_t>(begin));
}

void AlignedText::replace(const Pattern& pattern, std::string_view content) {
  AlignedText result;
  const auto grow = [&result](std::string_view part) {
    check(result.text_.size() + part.size() <= kMaxTextBytes, "normalized text: expected at most {} bytes", kMaxTextBytes);
    result.text_ += part;
  };
  for (const TextPart& part : pattern.split(text_)) {
    if (part.matches) {
      grow(content);
      // An insertion belongs to what stands before it: the last byte of the match, or the byte before an empty match.
      result.sources_.resize(result.text_.size(), part.end > 0 ? sources_[part.end - 1] : SourceSpan{0, 0});
    } else {
      grow(std::string_view(text_).substr(part.begin, part.end - part.begin));
      result.sources_.insert(result.sources_.end(), sources_.begin() + part.begin, sources_.begin() + part.end);
    }
  }
  text_ = std::move(result.text_);
  sources_ = std::move(result.sources_);
}

void AlignedText::to_byte_characters() {
  AlignedText result;
  result.text_.reserve(2 * text_.size());
  result.sources_.reserve(2 * text_.size());
  for (std::size_t i = 0; i < text_.size(); ++i) result.append(byte_character(static_cast<std::uint8_t>(text_[i])), sources_[i]);
  text_ = std::move(result.text_);
  sources_ = std::move(result.sources_);
}

std::vector<TextPart> split_at(std::string_view text, const std::function<bool(char32_t)>& is_match) {
  std::vector<TextPart> parts;
  std::uint32_t done = 0;
  for (std::uint32_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text, i);
    const std::uint32_t next = i + character.size;
    if (is_match(character.code)) {
      if (done < i) parts.push_back({done, i, false});
      parts.push_back({i, next, true});
      done = next;
    }
    i = next;
  }
  if (done < text.size()) parts.push_back({done, static_cast<std::uint32_t>(text.size()), false});
  return parts;
}

}  // namespace omma
