#include "omma/text/sentencepiece.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/text/added_tokens.h"

namespace omma {
namespace {

// The wire format of protocol buffers: fields with numbers, each a varint, 4 or 8 bytes, or a length and so many bytes.
class Message {
 public:
  Message(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  struct Field {
    std::uint64_t number = 0;
    std::uint64_t value = 0;      // of a varint, or the bits of 4 or 8 bytes
    std::string_view bytes = {};  // of a length-delimited one
  };
  std::optional<Field> next() {
    if (at_ == bytes_.size()) return std::nullopt;
    const std::uint64_t tag = varint();
    Field field{.number = tag >> 3};
    switch (tag & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.value = fixed(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        field.value = fixed(4);
        break;
      default:
        fail("{}: byte {}: expected a protocol buffer's field, got wire type {}", where_, at_, tag & 7);
    }
    return field;
  }

 private:
  std::string_view take(std::uint64_t count) {
    check(count <= bytes_.size() - at_, "{}: byte {}: expected {} more bytes, found {}", where_, at_, count, bytes_.size() - at_);
    const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(count));
    at_ += taken.size();
    return taken;
  }
  std::uint64_t fixed(std::size_t count) {
    std::uint64_t value = 0;
    std::memcpy(&value, take(count).data(), count);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail("{}: byte {}: expected a number of at most ten bytes", where_, at_);
  }

  std::string_view bytes_;
  const std::string& where_;
  std::size_t at_ = 0;
};

enum class PieceType : std::uint64_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct Piece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::normal;
};

struct Model {
  std::vector<Piece> pieces;
  std::uint64_t kind = 1;  // 1 unigram, 2 byte-pair
  bool byte_fallback = false;
  bool add_dummy_prefix = true;
};

constexpr std::size_t most_pieces = std::size_t{1} << 22;

Piece read_piece(std::string_view bytes, const std::string& where) {
  Piece piece;
  Message message(bytes, where);
  while (const auto field = message.next()) {
    if (field->number == 1) piece.text = field->bytes;
    if (field->number == 2) {
      const auto bits = static_cast<std::uint32_t>(field->value);
      std::memcpy(&piece.score, &bits, sizeof(bits));
    }
    if (field->number == 3) piece.type = static_cast<PieceType>(field->value);
  }
  return piece;
}

Model read_model(std::string_view bytes, const std::string& where) {
  Model model;
  Message message(bytes, where);
  while (const auto field = message.next()) {
    if (field->number == 1) {
      check(model.pieces.size() < most_pieces, "{}: expected at most {} pieces", where, most_pieces);
      model.pieces.push_back(read_piece(field->bytes, where));
    } else if (field->number == 2) {
      Message trainer(field->bytes, where);
      while (const auto setting = trainer.next()) {
        if (setting->number == 3) model.kind = setting->value;
        if (setting->number == 35) model.byte_fallback = setting->value != 0;
      }
    } else if (field->number == 3) {
      Message normalizer(field->bytes, where);
      while (const auto setting = normalizer.next())
        if (setting->number == 3) model.add_dummy_prefix = setting->value != 0;
    }
  }
  check(!model.pieces.empty(), "{}: expected a SentencePiece model, found no pieces", where);
  check(model.kind == 2, "{}: expected a byte-pair model (2), got a model of kind {}", where, model.kind);
  return model;
}

using Ids = std::unordered_map<std::string_view, std::int64_t>;

// The model merges the two neighbours that make the piece of the highest score: a list of merges in that order does the same.
json merges_of(const Model& model, const Ids& ids) {
  using Merge = std::tuple<float, std::int64_t, std::int64_t, std::int64_t>;  // minus the score, the ids of whole, left and right
  std::vector<Merge> merges;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const Piece& piece = model.pieces[i];
    if (piece.type != PieceType::normal) continue;
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

json template_json(const SentencePieceOptions& options, const std::string& begin, const std::string& end, const Ids& ids) {
  json single = json::array(), tokens = json::object();
  const auto add_special = [&](const std::string& token) {
    single.push_back({{"SpecialToken", {{"id", token}, {"type_id", 0}}}});
    tokens[token] = {{"id", token}, {"ids", {ids.at(token)}}, {"tokens", {token}}};
  };
  if (options.add_bos_token) add_special(begin);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  if (options.add_eos_token) add_special(end);
  json pair = single;
  pair.push_back({{"Sequence", {{"id", "B"}, {"type_id", 1}}}});
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}};
}

}  // namespace

json sentencepiece_tokenizer(std::string_view bytes, const SentencePieceOptions& options, const std::string& where) {
  const Model model = read_model(bytes, where);
  Ids ids;
  json vocabulary = json::object(), added = json::array();
  std::string unknown = "<unk>";
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const Piece& piece = model.pieces[i];
    const auto id = static_cast<std::int64_t>(i);
    check(ids.emplace(piece.text, id).second, "{}: piece {}: \"{}\" is there twice", where, i, piece.text);
    vocabulary[piece.text] = id;
    if (piece.type == PieceType::unknown) unknown = piece.text;
    const bool is_special = piece.type == PieceType::control || piece.type == PieceType::unknown;
    if (is_special || piece.type == PieceType::user_defined) added.push_back(added_token(piece.text, id, is_special));
  }
  std::multimap<std::int64_t, std::string> beside;  // by id: the library that reads tokenizer.json counts them in the list's order
  for (const auto& [text, id] : options.added_tokens)
    if (!ids.contains(text)) beside.emplace(id, text);
  for (const auto& [id, text] : beside) added.push_back(added_token(text, id, true));
  check(!options.add_bos_token || ids.contains("<s>"), "{}: expected a piece \"<s>\"", where);
  check(!options.add_eos_token || ids.contains("</s>"), "{}: expected a piece \"</s>\"", where);

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
  file["post_processor"] = template_json(options, "<s>", "</s>", ids);
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
