// Text to token ids and back, as a checkpoint's tokenizer.json says (the format of Hugging Face's `tokenizers` 0.23).
//
//   const Tokenizer tokenizer = Tokenizer::from_directory("models/blip");
//   const Encoding encoding = tokenizer.encode("a photo of");
//   const std::string text = tokenizer.decode(encoding.ids);
//
// Built: models WordPiece, BPE (byte-level and SentencePiece-style) and Unigram, and the normalizers, pre-tokenizers,
// post-processors and decoders in the headers beside this one; anything else is refused by name. Truncation, padding and BPE
// dropout are ignored. Ids, offsets and decoded text equal the library's for every code point of the Unicode version that utf8proc
// knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/json.h"
#include "omma/text/text_span.h"

namespace omma {

// Parallel lists, one element a token.
struct Encoding {
  std::vector<std::int32_t> ids;
  // [begin, end) in bytes of the text as it was given, on its character borders; (0, 0) for tokens that the template adds.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> offsets;
  std::vector<std::int32_t> type_ids;       // the template's segment number, 0 without one
  std::vector<std::uint8_t> from_template;  // 1 for tokens that the template adds ([CLS], <s>), 0 for the text's own

  std::size_t size() const { return ids.size(); }
};

struct EncodeOptions {
  bool add_special_tokens = true;  // apply the template: [CLS] text [SEP], <s> text
  // Special tokens written out in the text become their ids. Switch it off for text from outside, such as a user's prompt, where
  // "</s>" or "<image>" are just characters. Added tokens that are not special are found either way.
  bool parse_special = true;
  // The same for parts of a text: what people wrote within what a template made of it (chat_template.h).
  std::span<const TextSpan> plain = {};
};

// Immutable; all const members may be called from several threads at once. Cheap to copy.
class Tokenizer {
 public:
  // tokenizer.json of a model directory; or tokenizer.model, read as LLaMA's (sentencepiece.h); or spiece.model, as T5's
  // (t5_tokenizer.h); or vocab.json and merges.txt, as GPT-2's (gpt2_tokenizer.h); or vocab.txt, as BERT's (tokenizer_config.json
  // may set do_lower_case, strip_accents, tokenize_chinese_chars). Throws std::invalid_argument that names the file, the field,
  // what was expected and what was found.
  static Tokenizer from_directory(const std::filesystem::path& directory);

  // The contents of a tokenizer.json; `where` begins every error.
  static Tokenizer from_json(const json& object, std::string_view where);

  // Malformed UTF-8 is read as Python's bytes.decode("utf-8", "replace") reads it: U+FFFD for each maximal ill-formed part.
  // Throws std::invalid_argument for text over 16 MiB (before or after normalization), and where a regular expression of the
  // file needs more steps than its limit.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;

  // The text of the ids; ids without a token are left out. The result is valid UTF-8.
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens = true) const;

  std::optional<std::int32_t> token_to_id(std::string_view token) const;
  std::string_view id_to_token(std::int32_t id) const;  // "" where there is none
  bool is_special(std::int32_t id) const;               // an added token that is marked special
  std::size_t vocab_size() const;                       // number of tokens, added ones included
  std::int32_t largest_id() const;                      // a model's embedding has more rows than this; -1 without tokens

 private:
  struct Parts;
  explicit Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

}  // namespace omma
