#include "omma/text/gguf_tokenizer.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "omma/base/error.h"
#include "omma/text/added_tokens.h"
#include "omma/text/post_processor.h"
#include "omma/text/sentencepiece.h"
#include "omma/text/token_table.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::size_t kMaxTokens = std::size_t{1} << 22;
constexpr std::size_t kMaxPieceBytes = 1024;  // of tokens that are searched in a text, and of llama's, whose every cut is looked up

// How a text is cut into words before gpt2's merges.

json split_json(const char* expression) {
  return {{"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", "Isolated"}, {"invert", false}};
}

// Of a decoder too, which the `tokenizers` library reads with all the fields only.
json byte_level_json(bool cuts_words) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", cuts_words}};
}

json sequence_json(json steps) { return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}}; }

struct WordRule {
  std::vector<std::string_view> names;  // of tokenizer.ggml.pre
  json pre_tokenizer;
  bool ignores_merges = false;  // a word that is a token is that token
  bool adds_bos = false;        // where the file does not say
};

// What llama.cpp calls by these names (src/llama-vocab.cpp).
const std::vector<WordRule>& word_rules() {
  static const std::vector<WordRule> rules = {
      // Falcon's, nearly.
      {.names = {"default"},
       .pre_tokenizer = sequence_json({split_json(R"([\p{P}$+<=>^~|]+)"),
                                       split_json(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"),
                                       split_json(R"(\p{N}+)"), split_json("[0-9][0-9][0-9]"), byte_level_json(false)})},
      {.names = {"gpt-2"}, .pre_tokenizer = byte_level_json(true)},
      {.names = {"llama-bpe", "llama3", "llama-v3"},
       .pre_tokenizer = sequence_json(
           {split_json(
                R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"),
            byte_level_json(false)}),
       .ignores_merges = true,
       .adds_bos = true},
      {.names = {"smollm"},
       .pre_tokenizer = sequence_json({json{{"type", "Digits"}, {"individual_digits", true}}, byte_level_json(true)})},
      {.names = {"tekken"},
       .pre_tokenizer = sequence_json(
           {split_json(
                R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"),
            byte_level_json(false)}),
       .ignores_merges = true,
       .adds_bos = true}};
  return rules;
}

const WordRule& word_rule(const std::string& pre, const std::string& where) {
  const std::string_view name = pre.empty() ? "default" : std::string_view(pre);
  std::string known;
  for (const WordRule& rule : word_rules()) {
    if (std::ranges::find(rule.names, name) != rule.names.end()) return rule;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", rule.names.front());
  }
  fail("{}: tokenizer.ggml.pre: \"{}\" is not built; expected one of {}", where, name, known);
}

// A vocabulary that was found valid, its defaults filled in.
struct Reading {
  bool is_llama = false;
  SentencePieceModel model;  // for gpt2 its pieces alone
  TokenTable ids;
  std::optional<std::int64_t> bos, eos, unknown, padding;
  bool adds_bos = false;
  bool adds_eos = false;

  SentencePiece& piece(std::int64_t id) { return model.pieces[static_cast<std::size_t>(id)]; }
  const std::string& text(std::int64_t id) const { return model.pieces[static_cast<std::size_t>(id)].text; }
};

void check_counts(const GgufVocabulary& vocabulary, bool is_llama, const std::string& where) {
  const std::size_t count = vocabulary.tokens.size();
  check(count > 0 && count <= kMaxTokens, "{}: tokenizer.ggml.tokens: expected 1 to {} tokens, got {}", where, kMaxTokens, count);
  const auto expect = [&](const char* key, std::size_t got, bool may_lack) {
    check(got == count || (got == 0 && may_lack), "{}: tokenizer.ggml.{}: expected {}, one for each token, got {}", where, key,
          count, got);
  };
  expect("token_type", vocabulary.token_type.size(), true);
  expect("scores", vocabulary.scores.size(), !is_llama);
  check(is_llama || !vocabulary.merges.empty(), "{}: tokenizer.ggml.merges: expected those of a byte-level BPE, got none", where);
}

SentencePiece read_piece(const GgufVocabulary& vocabulary, std::size_t id, bool is_llama, const std::string& where) {
  const auto name = [&](const char* key) { return fmt::format("{}: tokenizer.ggml.{}[{}]", where, key, id); };
  SentencePiece piece{.text = vocabulary.tokens[id]};
  if (piece.text.empty()) piece.text = fmt::format("[EMPTY_{}]", id);  // as llama.cpp calls it
  if (!is_valid_utf8(piece.text)) fail("{}: expected UTF-8, got {}", name("tokens"), dump_json(piece.text).substr(0, 80));
  if (!vocabulary.token_type.empty()) {
    const std::int32_t type = vocabulary.token_type[id];
    if (type < 1 || type > 6) fail("{}: expected 1 to 6, got {}", name("token_type"), type);
    piece.type = static_cast<SentencePiece::Type>(type);
  }
  if (is_llama) piece.score = vocabulary.scores[id];
  if (!std::isfinite(piece.score)) fail("{}: expected a finite score of \"{}\", got {}", name("scores"), piece.text, piece.score);
  if ((is_llama || piece.is_added()) && piece.text.size() > kMaxPieceBytes)
    fail("{}: expected at most {} bytes, got {}", name("tokens"), kMaxPieceBytes, piece.text.size());
  return piece;
}

void read_pieces(const GgufVocabulary& vocabulary, const std::string& where, Reading& reading) {
  const std::size_t count = vocabulary.tokens.size();
  reading.model.pieces.reserve(count);
  for (std::size_t id = 0; id < count; ++id) {
    reading.model.pieces.push_back(read_piece(vocabulary, id, reading.is_llama, where));
    const std::string& text = reading.model.pieces.back().text;
    if (!reading.ids.add(text, static_cast<std::int32_t>(id)))
      fail("{}: tokenizer.ggml.tokens[{}]: \"{}\" is token {} already", where, id, text, *reading.ids.find(text));
  }
}

void read_special_ids(const GgufVocabulary& vocabulary, const std::string& where, Reading& reading) {
  const auto count = static_cast<std::int64_t>(vocabulary.tokens.size());
  const auto read = [&](const char* key, const std::optional<std::int64_t>& given, std::optional<std::int64_t> other) {
    if (given)
      check(*given >= 0 && *given < count, "{}: tokenizer.ggml.{}: expected an id below {}, got {}", where, key, count, *given);
    if (!reading.is_llama || (other && *other >= count)) other.reset();
    return given ? given : other;
  };
  reading.bos = read("bos_token_id", vocabulary.bos_token_id, 1);
  reading.eos = read("eos_token_id", vocabulary.eos_token_id, 2);
  reading.unknown = read("unknown_token_id", vocabulary.unknown_token_id, 0);
  reading.padding = read("padding_token_id", vocabulary.padding_token_id, std::nullopt);
  // Converters that knew no better have called these normal, and templates write them out. Not so the others of gpt2: an id of 0
  // that nobody meant would take every "!" out of its words.
  for (const auto& id : {reading.bos, reading.eos})
    if (id && reading.piece(*id).type == SentencePiece::Type::normal) reading.piece(*id).type = SentencePiece::Type::control;
  if (reading.is_llama && reading.unknown) reading.piece(*reading.unknown).type = SentencePiece::Type::unknown;
}

void read_template(const GgufVocabulary& vocabulary, bool adds_bos, const std::string& where, Reading& reading) {
  const auto read = [&](const char* name, const std::optional<bool>& given, bool other, const std::optional<std::int64_t>& id) {
    check(id || !given.value_or(false), "{}: tokenizer.ggml.add_{}_token: expected a tokenizer.ggml.{}_token_id with it, got none",
          where, name, name);
    return id && given.value_or(other);
  };
  reading.adds_bos = read("bos", vocabulary.add_bos_token, adds_bos, reading.bos);
  reading.adds_eos = read("eos", vocabulary.add_eos_token, false, reading.eos);
}

Reading read_vocabulary(const GgufVocabulary& vocabulary, const std::string& where) {
  Reading reading;
  reading.is_llama = vocabulary.model == "llama";
  check(reading.is_llama || vocabulary.model == "gpt2",
        "{}: tokenizer.ggml.model: \"{}\" is not built; expected gpt2 (byte-level BPE) or llama (SentencePiece's)", where,
        vocabulary.model);
  const bool adds_bos = reading.is_llama || word_rule(vocabulary.pre, where).adds_bos;
  check_counts(vocabulary, reading.is_llama, where);
  read_pieces(vocabulary, where, reading);
  read_special_ids(vocabulary, where, reading);
  read_template(vocabulary, adds_bos, where, reading);
  return reading;
}

void check_merges(const std::vector<std::string>& merges, const Reading& reading, const std::string& where) {
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const std::string_view merge = merges[i];
    const auto refuse = [&](std::string_view what) {
      fail("{}: tokenizer.ggml.merges[{}]: {}, got {}", where, i, what, dump_json(merge.substr(0, 80)));
    };
    const std::size_t space = merge.find(' ');
    if (space == std::string_view::npos || merge.find(' ', space + 1) != std::string_view::npos)
      refuse("expected two tokens with a space between them");
    const std::string_view left = merge.substr(0, space), right = merge.substr(space + 1);
    if (!reading.ids.find(left) || !reading.ids.find(right) || !reading.ids.find(std::string(left).append(right)))
      refuse("expected two tokens that are a token together");
  }
}

json gpt2_json(const GgufVocabulary& vocabulary, const Reading& reading, const std::string& where) {
  const WordRule& rule = word_rule(vocabulary.pre, where);
  check_merges(vocabulary.merges, reading, where);
  json ids = json::object(), added = json::array();
  for (std::size_t i = 0; i < reading.model.pieces.size(); ++i) {
    const SentencePiece& piece = reading.model.pieces[i];
    ids[piece.text] = i;
    if (piece.is_added()) added.push_back(added_token(piece.text, static_cast<std::int64_t>(i), piece.is_special()));
  }
  std::vector<TemplateToken> before, after;
  if (reading.adds_bos) before.push_back({reading.text(*reading.bos), *reading.bos});
  if (reading.adds_eos) after.push_back({reading.text(*reading.eos), *reading.eos});
  const json model = {
      {"type", "BPE"}, {"ignore_merges", rule.ignores_merges}, {"vocab", std::move(ids)}, {"merges", vocabulary.merges}};
  return {{"version", "1.0"},
          {"added_tokens", std::move(added)},
          {"normalizer", nullptr},
          {"pre_tokenizer", rule.pre_tokenizer},
          {"post_processor", text_template(before, after)},
          {"decoder", byte_level_json(true)},
          {"model", std::move(model)}};
}

json llama_json(const GgufVocabulary& vocabulary, Reading reading, const std::string& where) {
  reading.model.kind = SentencePieceModel::Kind::byte_pair;
  reading.model.byte_fallback = reading.ids.find("<0x00>").has_value();
  reading.model.add_dummy_prefix = vocabulary.add_space_prefix.value_or(true);
  SentencePieceOptions options{.legacy = true, .add_bos_token = reading.adds_bos, .add_eos_token = reading.adds_eos};
  if (reading.adds_bos) options.bos_token = reading.text(*reading.bos);
  if (reading.adds_eos) options.eos_token = reading.text(*reading.eos);
  return sentencepiece_tokenizer(reading.model, options, where);
}

}  // namespace

json gguf_tokenizer_json(const GgufVocabulary& vocabulary, const std::string& where) {
  Reading reading = read_vocabulary(vocabulary, where);
  return reading.is_llama ? llama_json(vocabulary, std::move(reading), where) : gpt2_json(vocabulary, reading, where);
}

json gguf_tokenizer_config_json(const GgufVocabulary& vocabulary, const std::string& where) {
  Reading reading = read_vocabulary(vocabulary, where);
  json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"add_bos_token", reading.adds_bos},
                 {"add_eos_token", reading.adds_eos},
                 {"clean_up_tokenization_spaces", false}};
  const auto name = [&](const char* field, const std::optional<std::int64_t>& id) {
    // transformers would find a named token in the text, which only an added one is.
    if (id && reading.piece(*id).is_added()) config[field] = reading.text(*id);
  };
  name("bos_token", reading.bos);
  name("eos_token", reading.eos);
  name("unk_token", reading.unknown);
  name("pad_token", reading.padding);
  if (!vocabulary.chat_template.empty()) config["chat_template"] = vocabulary.chat_template;
  return config;
}

Tokenizer gguf_tokenizer(const GgufVocabulary& vocabulary, const std::string& where) {
  return Tokenizer::from_json(gguf_tokenizer_json(vocabulary, where), where);
}

}  // namespace omma
