#include "omma/text/tokenizer.h"

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/text/added_tokens.h"
#include "omma/text/bert_tokenizer.h"
#include "omma/text/gpt2_tokenizer.h"
#include "omma/text/normalizer.h"
#include "omma/text/post_processor.h"
#include "omma/text/pre_tokenizer.h"
#include "omma/text/sentencepiece.h"
#include "omma/text/t5_tokenizer.h"
#include "omma/text/token_decoder.h"
#include "omma/text/token_model.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::size_t kMaxVocabularyFileBytes = std::size_t{256} << 20;

const json& member(const json& object, const char* name) {
  static const json kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

// One token a line, its id the line's number from 0.
json read_vocabulary_lines(const std::filesystem::path& file) {
  const std::string text = to_valid_utf8(read_file(file, kMaxVocabularyFileBytes));
  json vocabulary = json::object();
  std::int32_t id = 0;
  for (std::size_t begin = 0; begin < text.size(); ++id) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    std::string token = text.substr(begin, end - begin);
    if (token.ends_with('\r')) token.pop_back();
    if (!vocabulary.emplace(token, id).second) fail("{}: line {}: \"{}\" is there already", file.string(), id + 1, token);
    begin = end + 1;
  }
  return vocabulary;
}

}  // namespace

struct Tokenizer::Parts {
  Parts(const json& object, const std::string& where)
      : normalizers(read_normalizers(member(object, "normalizer"), where + ": normalizer")),
        pre_tokenizers(read_pre_tokenizers(member(object, "pre_tokenizer"), where + ": pre_tokenizer")),
        model(read_token_model(member(object, "model"), where + ": model")),
        post_processors(read_post_processors(member(object, "post_processor"), where + ": post_processor")),
        decoders(read_token_decoders(member(object, "decoder"), where + ": decoder")) {
    if (const json& list = member(object, "added_tokens"); !list.is_null())
      added = AddedTokens(list, where + ": added_tokens", model->vocabulary(), normalizers);
  }

  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  std::unique_ptr<TokenModel> model;
  std::vector<PostProcessor> post_processors;
  std::vector<TokenDecoder> decoders;
  AddedTokens added;

  std::vector<TextPiece> words_of(std::string_view text, const SpecialPlaces& special) const;
  std::vector<EncodedToken> tokens_of(const std::vector<TextPiece>& words) const;
};

// The text's added tokens and, between them, its words.
std::vector<TextPiece> Tokenizer::Parts::words_of(std::string_view text, const SpecialPlaces& special) const {
  std::vector<TextPiece> words;
  for (TextPiece& piece : added.extract(AlignedText(text), normalizers, special)) {
    if (piece.id) {
      words.push_back(std::move(piece));
      continue;
    }
    std::vector<AlignedText> pieces;
    pieces.push_back(std::move(piece.text));
    for (const PreTokenizer& pre_tokenizer : pre_tokenizers) {
      std::vector<AlignedText> finer;
      for (AlignedText& coarse : pieces) pre_tokenizer(std::move(coarse), finer);
      pieces = std::move(finer);
    }
    for (AlignedText& word : pieces) words.push_back({std::move(word), std::nullopt});
  }
  return words;
}

std::vector<EncodedToken> Tokenizer::Parts::tokens_of(const std::vector<TextPiece>& words) const {
  std::vector<EncodedToken> tokens;
  std::vector<WordToken> pieces;
  for (const TextPiece& word : words) {
    const std::string& text = word.text.str();
    if (word.id) {
      tokens.push_back({.id = *word.id, .text = text, .source = word.text.source(0, text.size())});
      continue;
    }
    pieces.clear();
    model->tokenize(text, pieces);
    for (const WordToken& piece : pieces)
      tokens.push_back(
          {.id = piece.id, .text = model->vocabulary().token(piece.id), .source = word.text.source(piece.begin, piece.end)});
  }
  return tokens;
}

Tokenizer Tokenizer::from_directory(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / "tokenizer.json";
  if (std::filesystem::exists(file)) return from_json(read_json(file), file.string());
  const std::filesystem::path llama = directory / "tokenizer.model";
  if (std::filesystem::exists(llama)) return from_json(read_sentencepiece_tokenizer(directory), llama.string());
  const std::filesystem::path t5 = directory / "spiece.model";
  if (std::filesystem::exists(t5)) return from_json(read_t5_tokenizer(directory), t5.string());
  if (has_gpt2_files(directory)) return from_json(read_gpt2_tokenizer(directory), directory.string());
  const std::filesystem::path vocabulary = directory / "vocab.txt";
  check(std::filesystem::exists(vocabulary),
        "{}: expected tokenizer.json, tokenizer.model, spiece.model, vocab.json with merges.txt, or vocab.txt", directory.string());
  const std::filesystem::path config = directory / "tokenizer_config.json";
  const json object = std::filesystem::exists(config) ? read_json(config) : json::object();
  const auto options = read_config<BertTokenizerOptions>(object, config.string());
  return from_json(bert_tokenizer(read_vocabulary_lines(vocabulary), options, vocabulary.string()), vocabulary.string());
}

Tokenizer Tokenizer::from_json(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected an object, got {}", where, object.type_name());
  return Tokenizer(std::make_shared<const Parts>(object, std::string(where)));
}

Encoding Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  const std::vector<TextPiece> words = parts_->words_of(text, {.anywhere = options.parse_special, .plain = options.plain});
  std::vector<EncodedToken> tokens = parts_->tokens_of(words);  // their text lies in words
  for (const PostProcessor& process : parts_->post_processors) process(tokens, {text, options.add_special_tokens});
  Encoding encoding;
  for (const EncodedToken& token : tokens) {
    encoding.ids.push_back(token.id);
    encoding.offsets.emplace_back(token.source.begin, token.source.end);
    encoding.type_ids.push_back(token.type_id);
    encoding.from_template.push_back(token.from_template ? 1 : 0);
  }
  return encoding;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  const AddedTokens& added = parts_->added;
  const TokenTable& vocabulary = parts_->model->vocabulary();
  std::vector<std::string> tokens;
  for (const std::int32_t id : ids) {
    const AddedToken* const known = added.find(id);
    if (known == nullptr && !vocabulary.has(id)) continue;
    const std::string_view token = known != nullptr ? added.decoded_form(*known) : vocabulary.token(id);
    if (!skip_special_tokens || !added.is_special(token)) tokens.emplace_back(token);
  }
  for (const TokenDecoder& decoder : parts_->decoders) decoder(tokens);
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0 && parts_->decoders.empty()) text += ' ';
    text += tokens[i];
  }
  return text;
}

std::optional<std::int32_t> Tokenizer::token_to_id(std::string_view token) const {
  if (const AddedToken* added = parts_->added.find(token)) return static_cast<std::int32_t>(added->id);
  return parts_->model->vocabulary().find(token);
}

std::string_view Tokenizer::id_to_token(std::int32_t id) const {
  if (const AddedToken* added = parts_->added.find(id)) return added->content;
  return parts_->model->vocabulary().token(id);
}

bool Tokenizer::is_special(std::int32_t id) const {
  const AddedToken* const added = parts_->added.find(id);
  return added != nullptr && added->special;
}

std::size_t Tokenizer::vocab_size() const {
  std::size_t size = parts_->model->vocabulary().size();
  for (const AddedToken& token : parts_->added.tokens()) {
    if (!parts_->model->vocabulary().find(token.content)) ++size;
  }
  return size;
}

std::int32_t Tokenizer::largest_id() const {
  std::int64_t largest = parts_->model->vocabulary().largest_id();
  for (const AddedToken& token : parts_->added.tokens()) largest = std::max(largest, token.id);
  return static_cast<std::int32_t>(largest);
}

}  // namespace omma
