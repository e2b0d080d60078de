#include "omma/text/t5_tokenizer.h"

#include <optional>
#include <vector>

#include "omma/base/base64.h"
#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/text/post_processor.h"
#include "omma/text/sentencepiece_model.h"

namespace omma {

namespace {

struct T5Options {
  std::int64_t extra_ids = 100;
  template <class Fields>
  void fields(Fields& field) {
    field("extra_ids", extra_ids, Range{0, 10'000});
  }
};

SentencePieceModel read_model(std::string_view bytes, std::int64_t extra_ids, const std::string& where) {
  SentencePieceModel model = read_sentencepiece_model(bytes, SentencePieceModel::Kind::unigram, where);
  for (std::int64_t i = extra_ids - 1; i >= 0; --i)
    model.pieces.push_back({.text = fmt::format("<extra_id_{}>", i), .score = 0, .type = SentencePiece::Type::control});
  return model;
}

}  // namespace

json t5_tokenizer(std::string_view bytes, const TokenizerConfig& config, const std::string& where) {
  const auto options = read_config<T5Options>(config.fields, where);
  const SentencePieceModel model = read_model(bytes, options.extra_ids, where);
  TokenTable vocabulary;
  std::vector<AddedToken> added;
  std::optional<std::int32_t> unknown;
  json pieces = json::array();
  for (const SentencePiece& piece : model.pieces) {
    const auto id = static_cast<std::int32_t>(pieces.size());
    check(vocabulary.add(piece.text, id), "{}: \"{}\" is there twice", where, piece.text);
    pieces.push_back({piece.text, piece.score});
    if (piece.is_added()) added.push_back({.id = id, .content = piece.text, .normalized = false, .special = piece.is_special()});
    if (piece.type == SentencePiece::Type::unknown) unknown = id;
  }
  const auto end = vocabulary.find("</s>");
  check(end && unknown, "{}: expected a piece \"</s>\" and one for unknown characters", where);

  const json metaspace = {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "always"}, {"split", true}};
  json normalizer;
  if (!model.precompiled_charsmap.empty())
    normalizer = {{"type", "Precompiled"}, {"precompiled_charsmap", to_base64(model.precompiled_charsmap)}};
  return {
      {"version", "1.0"},
      {"added_tokens", added_token_list(added_tokens_of(config, vocabulary, added))},
      {"normalizer", normalizer},
      {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", {{{"type", "WhitespaceSplit"}}, metaspace}}}},
      {"post_processor", text_template({}, {{"</s>", *end}})},
      {"decoder", metaspace},
      {"model", {{"type", "Unigram"}, {"unk_id", *unknown}, {"byte_fallback", false}, {"exact_scores", true}, {"vocab", pieces}}}};
}

json read_t5_tokenizer(const std::filesystem::path& directory) {
  const TokenizerConfig config = read_tokenizer_config(directory);
  check_tokenizer_class(config, "T5Tokenizer", directory);
  const auto file = directory / "spiece.model";
  return t5_tokenizer(read_file(file), config, file.string());
}

}  // namespace omma
