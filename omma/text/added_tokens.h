// Tokens that are found in the text before the model sees it: [CLS], <image>, <|end|>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "omma/base/json.h"
#include "omma/text/aligned_text.h"
#include "omma/text/normalizer.h"
#include "omma/text/prefix_trie.h"
#include "omma/text/text_span.h"
#include "omma/text/token_table.h"

namespace omma {

struct AddedToken {
  std::int64_t id = -1;
  std::string content;
  bool single_word = false;  // only where no word character stands beside it
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space after it
  bool normalized = true;    // searched, normalized, in the normalized text; otherwise in the text as it was given
  bool special = false;      // left out when decoding

  template <class Fields>
  void fields(Fields& field) {
    field("id", id);
    field("content", content);
    field("single_word", single_word);
    field("lstrip", lstrip);
    field("rstrip", rstrip);
    field("normalized", normalized);
    field("special", special);
  }
};

// Its entry in a tokenizer.json: found in the text as it was given, wherever it stands.
json added_token(const std::string& content, std::int64_t id, bool special = true);

// The list of them there.
json added_token_list(const std::vector<AddedToken>& tokens);

// A part of a text: an added token, or text for the model where `id` is unset.
struct TextPiece {
  AlignedText text;
  std::optional<std::int32_t> id;
};

// Where special tokens that are spelled out in a text are tokens.
struct SpecialPlaces {
  bool anywhere = true;                  // false: nowhere
  std::span<const TextSpan> plain = {};  // but in these parts of the text as given

  bool allow(SourceSpan place) const;
};

// Immutable after construction; const members may be called from several threads.
class AddedTokens {
 public:
  AddedTokens() = default;
  // The "added_tokens" of a tokenizer.json, over the model's vocabulary. Throws std::invalid_argument, beginning with `where`, for
  // tokens that are empty or over 1 KiB, and for ids that contradict the vocabulary or each other.
  AddedTokens(const json& list, const std::string& where, const TokenTable& vocabulary, const std::vector<Normalizer>& normalizers);

  // Cuts a text at its added tokens and normalizes what lies between them. Where they are not allowed, special tokens stay text.
  std::vector<TextPiece> extract(AlignedText text, const std::vector<Normalizer>& normalizers, const SpecialPlaces& special) const;

  const AddedToken* find(std::int32_t id) const;  // nullptr where the id is none
  const AddedToken* find(std::string_view content) const;
  // What a decoder works on: the content, or its normalized form where it was searched in normalized text.
  std::string_view decoded_form(const AddedToken& token) const;
  // Whether a decoder's token is one that is marked special.
  bool is_special(std::string_view decoded_form) const { return special_contents_.contains(std::string(decoded_form)); }
  const std::vector<AddedToken>& tokens() const { return tokens_; }

 private:
  void cut(const AlignedText& text, const PrefixTrie& trie, const SpecialPlaces& special, std::vector<TextPiece>& pieces) const;

  std::vector<AddedToken> tokens_;
  std::vector<std::string> forms_;  // decoded_form of each
  std::unordered_map<std::int64_t, std::size_t> by_id_;
  std::unordered_map<std::string, std::size_t> by_content_;
  std::unordered_set<std::string> special_contents_;
  PrefixTrie verbatim_;    // searched in the text as given
  PrefixTrie normalized_;  // searched in the normalized text
};

}  // namespace omma
