#include "omma/text/added_tokens.h"

#include <algorithm>
#include <limits>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::size_t kMaxTokenBytes = 1024;  // a search may look this far at each byte of the text

void normalize(AlignedText& text, const std::vector<Normalizer>& normalizers) {
  for (const Normalizer& normalizer : normalizers) normalizer(text);
}

// Where the character before `end` begins; `end` > 0, valid UTF-8.
std::size_t previous_character(std::string_view text, std::size_t end) {
  do --end;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  return end;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  const auto is_word = [text](std::size_t at) { return is_word_character(decode_utf8(text, at).code); };
  return (begin == 0 || !is_word(previous_character(text, begin))) && (end == text.size() || !is_word(end));
}

std::size_t skip_space_left(std::string_view text, std::size_t begin, std::size_t least) {
  while (begin > least) {
    const std::size_t previous = previous_character(text, begin);
    if (!is_white_space(decode_utf8(text, previous).code)) break;
    begin = previous;
  }
  return begin;
}

std::size_t skip_space_right(std::string_view text, std::size_t end) {
  while (end < text.size()) {
    const DecodedCharacter character = decode_utf8(text, end);
    if (!is_white_space(character.code)) break;
    end += character.size;
  }
  return end;
}

AddedToken read_added_token(const json& object, const std::string& where, const TokenTable& vocabulary) {
  const auto token = read_config<AddedToken>(object, where);
  check(!token.content.empty() && token.content.size() <= kMaxTokenBytes, "{}.content: expected 1 to {} bytes, got {}", where,
        kMaxTokenBytes, token.content.size());
  check(token.id >= 0 && token.id <= std::numeric_limits<std::int32_t>::max(), "{}.id: expected a token id, got {}", where,
        token.id);
  const auto id = static_cast<std::int32_t>(token.id);
  if (const auto known = vocabulary.find(token.content))
    check(*known == id, "{}.id: expected {}, which \"{}\" has in the vocabulary, got {}", where, *known, token.content, id);
  else if (vocabulary.has(id))
    fail("{}.id: {} is \"{}\" in the vocabulary and cannot be \"{}\"", where, id, vocabulary.token(id), token.content);
  return token;
}

}  // namespace

json added_token(const std::string& content, std::int64_t id, bool special) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", special}};
}

json added_token_list(const std::vector<AddedToken>& tokens) {
  json list = json::array();
  for (const AddedToken& token : tokens) list.push_back(write_config(token));
  return list;
}

AddedTokens::AddedTokens(const json& list, const std::string& where, const TokenTable& vocabulary,
                         const std::vector<Normalizer>& normalizers) {
  check(list.is_array(), "{}: expected a list, got {}", where, list.type_name());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string item = fmt::format("{}[{}]", where, i);
    const AddedToken token = read_added_token(list[i], item, vocabulary);
    const bool is_fresh = by_id_.emplace(token.id, i).second && by_content_.emplace(token.content, i).second;
    if (!is_fresh) fail("{}: \"{}\" or id {} is there already", item, token.content, token.id);
    std::string form = token.content;
    if (token.normalized) {
      AlignedText text(token.content);
      normalize(text, normalizers);
      form = text.str();
    }
    if (!form.empty()) (token.normalized ? normalized_ : verbatim_).add(form, static_cast<std::uint32_t>(i));
    if (token.special) special_contents_.insert(token.content);
    forms_.push_back(std::move(form));
    tokens_.push_back(token);
  }
}

const AddedToken* AddedTokens::find(std::int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  const auto found = by_content_.find(std::string(content));
  return found == by_content_.end() ? nullptr : &tokens_[found->second];
}

std::string_view AddedTokens::decoded_form(const AddedToken& token) const { return forms_[by_id_.at(token.id)]; }

bool SpecialPlaces::allow(SourceSpan place) const {
  const auto reaches_in = [&](const TextSpan& span) { return place.begin < span.end && span.begin < place.end; };
  return anywhere && std::ranges::none_of(plain, reaches_in);
}

void AddedTokens::cut(const AlignedText& text, const PrefixTrie& trie, const SpecialPlaces& special,
                      std::vector<TextPiece>& pieces) const {
  const std::string& bytes = text.str();
  std::size_t done = 0;
  const auto take_text = [&](std::size_t end) {
    if (done < end) pieces.push_back({text.slice(done, end), std::nullopt});
  };
  for (std::size_t i = 0; i < bytes.size();) {
    const auto found = trie.longest(std::string_view(bytes).substr(i));
    if (!found) {
      ++i;
      continue;
    }
    const AddedToken& token = tokens_[found->value];
    std::size_t begin = i;
    std::size_t end = i + found->size;
    i = end;  // a match that is turned down still hides those inside it
    if (token.special && !special.allow(text.source(begin, end))) continue;
    if (token.single_word && !stands_alone(bytes, begin, end)) continue;
    if (begin < done) continue;  // inside the white space that the token before took
    if (token.lstrip) begin = skip_space_left(bytes, begin, done);
    if (token.rstrip) end = skip_space_right(bytes, end);
    take_text(begin);
    pieces.push_back({text.slice(begin, end), static_cast<std::int32_t>(token.id)});
    done = end;
  }
  take_text(bytes.size());
}

std::vector<TextPiece> AddedTokens::extract(AlignedText text, const std::vector<Normalizer>& normalizers,
                                            const SpecialPlaces& special) const {
  std::vector<TextPiece> rough;
  if (verbatim_.empty()) {
    rough.push_back({std::move(text), std::nullopt});
  } else {
    cut(text, verbatim_, special, rough);
  }
  std::vector<TextPiece> pieces;
  for (TextPiece& piece : rough) {
    if (piece.id) {
      pieces.push_back(std::move(piece));
      continue;
    }
    normalize(piece.text, normalizers);
    if (normalized_.empty()) {
      if (!piece.text.empty()) pieces.push_back(std::move(piece));
    } else {
      cut(piece.text, normalized_, special, pieces);
    }
  }
  return pieces;
}

}  // namespace omma
