#include "omma/text/noun_phrases.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "omma/base/error.h"
#include "omma/text/sentence_words.h"
#include "omma/text/unicode.h"
#include "omma/text/utf8.h"
#include "omma/text/word_roles.h"

namespace omma {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

bool is_escaped(std::string_view text, std::size_t bracket) { return bracket > 0 && text[bracket - 1] == '\\'; }

// The first bracket from `begin` on that marks something, else kNowhere.
std::size_t find_bracket(std::string_view text, std::size_t begin) {
  std::size_t found = text.find_first_of("[]", begin);
  while (found != kNowhere && is_escaped(text, found)) found = text.find_first_of("[]", found + 1);
  return found;
}

// White space, and characters of control, which no detector's text has.
bool is_blank(char32_t code) { return is_white_space(code) || code < 0x20 || (code >= 0x7F && code < 0xA0); }

// The text of a span: valid, blanks made single spaces, `\[` and `\]` without their backslash.
std::string text_of(std::string_view sentence, TextSpan span) {
  std::string text;
  for (std::size_t i = span.begin; i < span.end;) {
    const DecodedCharacter character = decode_utf8(sentence.substr(0, span.end), i);
    i += character.size;
    const bool escapes = character.code == '\\' && i < span.end && (sentence[i] == '[' || sentence[i] == ']');
    if (is_blank(character.code)) {
      if (!text.ends_with(' ')) text += ' ';
    } else if (!escapes) {
      append_utf8(text, character.code);
    }
  }
  return text;
}

TextSpan without_blanks(std::string_view sentence, TextSpan span) {
  TextSpan inner{span.end, span.end};
  for (std::size_t i = span.begin; i < span.end;) {
    const DecodedCharacter character = decode_utf8(sentence, i);
    if (!is_blank(character.code)) inner = {std::min(inner.begin, i), i + character.size};
    i += character.size;
  }
  return inner;
}

NounPhrase marked_phrase(std::string_view sentence, TextSpan span) {
  span = without_blanks(sentence, span);
  check(span.begin < span.end, "sentence: expected words within the brackets that end at byte {}", span.end);
  const std::vector<SentenceWord> words = sentence_words(sentence.substr(span.begin, span.end - span.begin));
  const bool has_article = words.size() > 1 && words[0].span.begin == 0 && words[1].before == WordGap::none &&
                           (words[0].key == "the" || words[0].key == "a" || words[0].key == "an");
  if (has_article) span.begin += words[1].span.begin;
  return {.text = text_of(sentence, span), .span = span, .by_hand = true};
}

std::vector<NounPhrase> marked_phrases(std::string_view sentence) {
  std::vector<NounPhrase> phrases;
  for (std::size_t open = find_bracket(sentence, 0); open != kNowhere;) {
    check(sentence[open] == '[', "sentence: expected a \"[\" before the \"]\" at byte {}", open);
    const std::size_t close = find_bracket(sentence, open + 1);
    check(close != kNowhere && sentence[close] == ']', "sentence: expected a \"]\" for the \"[\" at byte {}, got {}", open,
          close == kNowhere ? "none" : "another \"[\"");
    phrases.push_back(marked_phrase(sentence, {open + 1, close}));
    open = find_bracket(sentence, close + 1);
  }
  return phrases;
}

class Chunker {
 public:
  explicit Chunker(std::string_view sentence) : sentence_(sentence), words_(sentence_words(sentence)), roles_(word_roles(words_)) {
    find_modifiers();
  }

  std::vector<NounPhrase> phrases() const {
    std::vector<NounPhrase> result;
    for (std::size_t i = 0; i < words_.size();) {
      const Chunk chunk = chunk_at(i);
      if (chunk.head) {
        const TextSpan span{words_[i].span.begin, words_[*chunk.head].span.end};
        result.push_back({.text = text_of(sentence_, span), .span = span});
      }
      i = chunk.end;
    }
    return result;
  }

 private:
  struct Chunk {
    std::optional<std::size_t> head;  // the last word that may end a phrase
    std::size_t end;
  };

  bool has_role(std::size_t i, WordRole role) const { return i < words_.size() && roles_[i] == role; }
  bool is_part(std::size_t i) const {
    return has_role(i, WordRole::modifier) || has_role(i, WordRole::material) || has_role(i, WordRole::noun) ||
           has_role(i, WordRole::abstract);
  }
  bool touches(std::size_t i) const { return i < words_.size() && words_[i].before == WordGap::none; }

  // The word that "and", "or" or a comma joins to this one, else kNowhere.
  std::size_t joined(std::size_t i) const {
    const bool has_comma = i + 1 < words_.size() && words_[i + 1].before == WordGap::comma;
    if (has_role(i + 1, WordRole::conjunction) && (has_comma || touches(i + 1))) return touches(i + 2) ? i + 2 : kNowhere;
    return has_comma ? i + 1 : kNowhere;
  }

  // "White" and "blue" in "red, white and blue flags": what a noun follows, or another of its kind.
  void find_modifiers() {
    is_modifying_.resize(words_.size());
    for (std::size_t i = words_.size(); i-- > 0;) {
      const bool is_before_noun = is_part(i) && touches(i + 1) && is_part(i + 1);
      const std::size_t other = joined(i);
      const bool is_before_kind = (has_role(i, WordRole::modifier) || has_role(i, WordRole::material)) && other != kNowhere;
      is_modifying_[i] = is_before_noun || (is_before_kind && is_modifying_[other]);
    }
  }

  // The word that "of", with the openers behind it, or "'s" joins to this one, else kNowhere.
  std::size_t linked(std::size_t i) const {
    if (!touches(i + 1) || !(has_role(i + 1, WordRole::of) || has_role(i + 1, WordRole::owner))) return kNowhere;
    std::size_t next = i + 2;
    while (touches(next) && has_role(next, WordRole::opener)) ++next;
    return touches(next) && is_part(next) ? next : kNowhere;
  }

  Chunk chunk_at(std::size_t begin) const {
    Chunk chunk{.head = {}, .end = begin + 1};
    bool is_named = false;                                  // has a noun
    bool is_link_named = false, has_link_material = false;  // the same since the last "of" or "'s"
    for (std::size_t i = begin; i != kNowhere && is_part(i);) {
      chunk.end = i + 1;
      if (has_role(i, WordRole::abstract)) return {.head = {}, .end = i + 1};
      if (has_role(i, WordRole::noun)) is_named = is_link_named = true;
      if (has_role(i, WordRole::material)) has_link_material = true;
      if (!has_role(i, WordRole::modifier)) chunk.head = i;
      if (touches(i + 1) && is_part(i + 1)) {
        ++i;
      } else if (const std::size_t next = linked(i); next != kNowhere) {
        i = next;
        is_link_named = has_link_material = false;
      } else {
        const std::size_t other = joined(i);
        const bool is_list = has_link_material && other == i + 1;  // "orange, red apple"
        i = !is_link_named && !is_list && other != kNowhere && is_modifying_[other] ? other : kNowhere;
      }
    }
    const bool is_said_of_another = begin > 0 && touches(begin) && has_role(begin - 1, WordRole::auxiliary);  // "is orange"
    if (!is_named && is_said_of_another) chunk.head = {};
    return chunk;
  }

  std::string_view sentence_;
  std::vector<SentenceWord> words_;
  std::vector<WordRole> roles_;
  std::vector<bool> is_modifying_;
};

}  // namespace

std::vector<NounPhrase> noun_phrases(std::string_view sentence) {
  check(sentence.size() <= kMaxSentenceBytes, "sentence: expected at most {} bytes, got {}", kMaxSentenceBytes, sentence.size());
  return find_bracket(sentence, 0) == kNowhere ? Chunker(sentence).phrases() : marked_phrases(sentence);
}

}  // namespace omma
