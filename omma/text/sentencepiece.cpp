#include "omma/text/sentencepiece.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/text/added_tokens.h"
#include "omma/text/post_processor.h"

namespace omma {
namespace {

using Ids = std::unordered_map<std::string_view, std::int64_t>;

// The model merges the two neighbours that make the piece of the highest score: a list of merges in that order does the same.
json merges_of(const SentencePieceModel& model, const Ids& ids) {
  using Merge = std::tuple<float, std::int64_t, std::int64_t, std::int64_t>;  // minus the score, the ids of whole, left and right
  std::vector<Merge> merges;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const SentencePiece& piece = model.pieces[i];
    if (piece.type != SentencePiece::Type::normal) continue;
    for (std::size_t cut = 1; cut < piece.text.size(); ++cut) {
      if ((static_cast<std::uint8_t>(piece.text[cut]) & 0xC0) == 0x80) continue;  // within a character
      const auto left = ids.find(std::string_view(piece.text).substr(0, cut)),
                 right = ids.find(std::string_view(piece.text).substr(cut));
      if (left != ids.end() && right != ids.end())
        merges.emplace_back(-piece.score, static_cast<std::int64_t>(i), left->second, right->second);
    }
  }
  std::ranges::sort(merges);
  json list = json::array();
  for (const auto& [score, whole, left, right] : merges)
    list.push_back({model.pieces[static_cast<std::size_t>(left)].text, model.pieces[static_cast<std::size_t>(right)].text});
  return list;
}

constexpr const char* mark = "\xE2\x96\x81";  // U+2581, which stands for a blank

json decoder_json(bool strips_blank) {
  json steps = {
      {{"type", "Replace"}, {"pattern", {{"String", mark}}}, {"content", " "}}, {{"type", "ByteFallback"}}, {{"type", "Fuse"}}};
  if (strips_blank) steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  return {{"type", "Sequence"}, {"decoders", steps}};
}

}  // namespace

json sentencepiece_tokenizer(std::string_view bytes, const SentencePieceOptions& options, const std::string& where) {
  return sentencepiece_tokenizer(read_sentencepiece_model(bytes, SentencePieceModel::Kind::byte_pair, where), options, where);
}

json sentencepiece_tokenizer(const SentencePieceModel& model, const SentencePieceOptions& options, const std::string& where) {
  Ids ids;
  json vocabulary = json::object(), added = json::array();
  std::string unknown = "<unk>";
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const SentencePiece& piece = model.pieces[i];
    const auto id = static_cast<std::int64_t>(i);
    ids.emplace(piece.text, id);
    vocabulary[piece.text] = id;
    if (piece.type == SentencePiece::Type::unknown) unknown = piece.text;
    if (piece.is_added()) added.push_back(added_token(piece.text, id, piece.is_special()));
  }
  std::multimap<std::int64_t, std::string> beside;  // by id: the library that reads tokenizer.json counts them in the list's order
  for (const auto& [text, id] : options.added_tokens)
    if (!ids.contains(text)) beside.emplace(id, text);
  for (const auto& [id, text] : beside) added.push_back(added_token(text, id, true));
  std::vector<TemplateToken> before, after;
  const auto put = [&](const std::string& token, std::vector<TemplateToken>& list) {
    check(ids.contains(token), "{}: expected a piece \"{}\"", where, token);
    list.push_back({token, ids.at(token)});
  };
  if (options.add_bos_token) put(options.bos_token, before);
  if (options.add_eos_token) put(options.eos_token, after);

  json file = {{"version", "1.0"}, {"added_tokens", added}, {"normalizer", nullptr}, {"pre_tokenizer", nullptr}};
  if (options.legacy) {
    json steps = json::array();
    if (model.add_dummy_prefix) steps.push_back({{"type", "Prepend"}, {"prepend", mark}});
    steps.push_back({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", mark}});
    file["normalizer"] = {{"type", "Sequence"}, {"normalizers", steps}};
  } else {
    file["pre_tokenizer"] = {{"type", "Metaspace"},
                             {"replacement", mark},
                             {"prepend_scheme", model.add_dummy_prefix ? "first" : "never"},
                             {"split", false}};
  }
  file["post_processor"] = text_template(before, after);
  file["decoder"] = decoder_json(model.add_dummy_prefix);
  file["model"] = {{"type", "BPE"},       {"unk_token", unknown},
                   {"fuse_unk", true},    {"byte_fallback", model.byte_fallback},
                   {"vocab", vocabulary}, {"merges", merges_of(model, ids)}};
  return file;
}

json read_sentencepiece_tokenizer(const std::filesystem::path& directory, std::optional<bool> legacy) {
  const auto config_file = directory / "tokenizer_config.json", added_file = directory / "added_tokens.json";
  const json config = std::filesystem::exists(config_file) ? read_json(config_file) : json::object();
  auto options = read_config<SentencePieceOptions>(config, config_file.string());
  options.legacy = legacy.value_or(options.legacy);
  const auto add = [&](const std::string& text, const json& id) {
    check(id.is_number_unsigned() && id < (std::int64_t{1} << 24), "{}: \"{}\": expected an id, got {}", directory.string(), text,
          dump_json(id));
    options.added_tokens[text] = id;
  };
  if (std::filesystem::exists(added_file)) {
    const json added = read_json(added_file);
    check(added.is_object(), "{}: expected an object of tokens and ids", added_file.string());
    for (const auto& [text, id] : added.items()) add(text, id);
  }
  const json decoder = config.value("added_tokens_decoder", json::object());
  check(decoder.is_object(), "{}: added_tokens_decoder: expected an object", config_file.string());
  for (const auto& [id, token] : decoder.items()) {
    const bool valid = token.is_object() && token.value("content", json()).is_string() && id.size() < 9 &&
                       std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; }) && !id.empty();
    check(valid, "{}: added_tokens_decoder: {}: expected an id and a token's content", config_file.string(), id);
    add(token["content"], std::stoul(id));
  }
  const auto file = directory / "tokenizer.model";
  return sentencepiece_tokenizer(read_file(file), options, file.string());
}

}  // namespace omma
