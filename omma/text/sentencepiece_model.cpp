#include "omma/text/sentencepiece_model.h"

#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_set>

#include "omma/base/error.h"
#include "omma/text/utf8.h"

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

constexpr std::size_t most_pieces = std::size_t{1} << 22;
constexpr std::size_t most_piece_bytes = 1024;

SentencePiece read_piece(std::string_view bytes, const std::string& where) {
  SentencePiece piece;
  Message message(bytes, where);
  while (const auto field = message.next()) {
    if (field->number == 1) piece.text = field->bytes;
    if (field->number == 2) {
      const auto bits = static_cast<std::uint32_t>(field->value);
      std::memcpy(&piece.score, &bits, sizeof(bits));
    }
    if (field->number == 3) piece.type = static_cast<SentencePiece::Type>(field->value);
  }
  return piece;
}

void read_trainer(std::string_view bytes, SentencePieceModel& model, const std::string& where) {
  Message trainer(bytes, where);
  while (const auto setting = trainer.next()) {
    if (setting->number == 3) model.kind = static_cast<SentencePieceModel::Kind>(setting->value);
    if (setting->number == 35) model.byte_fallback = setting->value != 0;
  }
}

void read_normalizer(std::string_view bytes, SentencePieceModel& model, const std::string& where) {
  Message normalizer(bytes, where);
  while (const auto setting = normalizer.next()) {
    if (setting->number == 2) model.precompiled_charsmap = setting->bytes;
    if (setting->number == 3) model.add_dummy_prefix = setting->value != 0;
  }
}

void check_model(const SentencePieceModel& model, SentencePieceModel::Kind kind, const std::string& where) {
  check(!model.pieces.empty(), "{}: expected a SentencePiece model, found no pieces", where);
  check(model.kind == kind, "{}: expected a model of kind {} (1 unigram, 2 byte-pair), got {}", where, static_cast<int>(kind),
        static_cast<std::uint64_t>(model.kind));
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const SentencePiece& piece = model.pieces[i];
    if (piece.text.size() > most_piece_bytes || !is_valid_utf8(piece.text))
      fail("{}: piece {}: expected UTF-8 of at most {} bytes, got {} bytes", where, i, most_piece_bytes, piece.text.size());
    if (!seen.insert(piece.text).second) fail("{}: piece {}: \"{}\" is there twice", where, i, piece.text);
    if (!std::isfinite(piece.score)) fail("{}: piece {}: expected a finite score of \"{}\"", where, i, piece.text);
  }
}

}  // namespace

SentencePieceModel read_sentencepiece_model(std::string_view bytes, SentencePieceModel::Kind kind, const std::string& where) {
  SentencePieceModel model;
  Message message(bytes, where);
  while (const auto field = message.next()) {
    if (field->number == 1) {
      check(model.pieces.size() < most_pieces, "{}: expected at most {} pieces", where, most_pieces);
      model.pieces.push_back(read_piece(field->bytes, where));
    } else if (field->number == 2) {
      read_trainer(field->bytes, model, where);
    } else if (field->number == 3) {
      read_normalizer(field->bytes, model, where);
    }
  }
  check_model(model, kind, where);
  return model;
}

}  // namespace omma
