#include "omma/text/charsmap.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "omma/base/error.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::size_t kMaxTrieBytes = std::size_t{4} << 20;  // SentencePiece's own have 180 KB
constexpr std::size_t kMaxRuleBytes = 64;
constexpr std::size_t kMaxVisits = std::size_t{1} << 18;
constexpr std::size_t kMaxReplacementBytes = 1024;
constexpr std::size_t kMaxClusterBytes = 5;

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 4; i > 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  return number;
}

// A double array: the child of state s by the byte c lies at s ^ c, if that unit carries the label c. A unit tells where its own
// state is and whether that has a value, which lies at the state's place itself. Strings with the same ends share their states, so
// that some hundred thousand rules (of Korean syllables in parts, mostly) take fifty thousand units.
class DoubleArray {
 public:
  DoubleArray(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where), is_known_(size()) {}

  // Calls visit(string, value) for every string that a cluster may begin with, and for one at least of every value.
  template <class Visit>
  void for_each(Visit&& visit) {
    std::string string;
    follow(unit(0), 0, string, visit);
  }

 private:
  std::size_t size() const { return bytes_.size() / 4; }
  std::uint32_t unit(std::size_t at) const { return number_at(bytes_, 4 * at); }

  template <class Visit>
  void follow(std::uint32_t node, std::size_t at, std::string& string, Visit& visit) {
    const std::size_t state = at ^ (std::size_t{node >> 10} << ((node & 0x200) >> 6));
    check((state | 0xFF) < size(), "{}: the trie's unit {} leads to unit {}, expected one of {}", where_, at, state, size());
    check(string.size() < kMaxRuleBytes && ++visits_ < kMaxVisits,
          "{}: the trie turns in circles: expected rules of at most {} bytes and states that few of them share", where_,
          kMaxRuleBytes);
    if ((node & 0x100) != 0) visit(string, unit(state) & 0x7FFFFFFF);
    if (is_known_[state] && string.size() >= kMaxClusterBytes) return;
    for (std::uint32_t byte = 1; byte < 256; ++byte) {
      const std::uint32_t next = unit(state ^ byte);
      if ((next & 0x800000FF) != byte) continue;
      string += static_cast<char>(byte);
      follow(next, state ^ byte, string, visit);
      string.pop_back();
    }
    is_known_[state] = true;
  }

  std::string_view bytes_;
  const std::string& where_;
  std::vector<bool> is_known_;  // by state: followed to its ends
  std::size_t visits_ = 0;
};

}  // namespace

Charsmap::Charsmap(std::string_view bytes, const std::string& where) {
  check(bytes.size() >= 4, "{}: expected the size of a trie, got {} bytes", where, bytes.size());
  const std::size_t size = number_at(bytes, 0);
  bytes.remove_prefix(4);
  check(size > 0 && size % 4 == 0 && size <= std::min(bytes.size(), kMaxTrieBytes),
        "{}: expected a trie of whole units of 4 bytes in {} bytes (at most {}), got {} bytes", where, bytes.size(), kMaxTrieBytes,
        size);
  replacements_ = bytes.substr(size);
  const auto check_replacement = [&](std::uint32_t offset) {
    const std::string_view rest = std::string_view(replacements_).substr(std::min<std::size_t>(offset, replacements_.size()));
    const std::size_t end = rest.substr(0, kMaxReplacementBytes + 1).find('\0');
    check(end != std::string_view::npos, "{}: at {} of {} bytes: expected a replacement of at most {} bytes and NUL behind it",
          where, offset, replacements_.size(), kMaxReplacementBytes);
    check(is_valid_utf8(rest.substr(0, end)), "{}: the replacement at {}: expected UTF-8", where, offset);
  };
  DoubleArray(bytes.substr(0, size), where).for_each([&](std::string_view characters, std::uint32_t offset) {
    check_replacement(offset);
    if (characters.size() <= kMaxClusterBytes) rules_.add(characters, offset);
  });
}

namespace {

// A text in the making. The library notes one change a character, and takes what a shorter replacement loses for the end of the
// character before, wherever that came from; characters lost before the first are lost without a note.
class Rewriting {
 public:
  void keep(std::string_view character) { characters_.push_back({decode_utf8(character, 0).code, 0}); }

  void replace(std::string_view part, std::string_view replacement) {
    changes_ = true;
    check(characters_.size() <= AlignedText::kMaxTextBytes, "normalized text: expected at most {} bytes",
          AlignedText::kMaxTextBytes);
    std::int32_t difference = -count(part);
    for (std::size_t i = 0; i < replacement.size(); ++difference) {
      const DecodedCharacter character = decode_utf8(replacement, i);
      characters_.push_back({character.code, difference >= 0 ? 1 : 0});
      i += character.size;
    }
    if (difference < 0 && !characters_.empty()) characters_.back().change += difference;
  }

  void finish(AlignedText& text) const {
    if (changes_) text.rewrite(characters_);
  }

 private:
  static std::int32_t count(std::string_view text) {
    std::int32_t characters = 0;
    for (std::size_t i = 0; i < text.size(); i += utf8_size(text[i])) ++characters;
    return characters;
  }

  std::vector<RewrittenCharacter> characters_;
  bool changes_ = false;
};

}  // namespace

void Charsmap::apply(AlignedText& text) const {
  Rewriting rewriting;
  const auto apply_rule = [&](std::string_view part) {
    const auto rule = rules_.shortest(part);
    if (rule) rewriting.replace(part, replacements_.c_str() + rule->value);
    return rule.has_value();
  };
  const std::string_view all = text.str();
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    end = grapheme_end(all, begin);
    if (end - begin <= kMaxClusterBytes && apply_rule(all.substr(begin, end - begin))) continue;
    for (std::size_t at = begin; at < end; at += utf8_size(all[at])) {
      const std::string_view character = all.substr(at, utf8_size(all[at]));
      if (!apply_rule(character)) rewriting.keep(character);
    }
  }
  rewriting.finish(text);
}

}  // namespace omma
