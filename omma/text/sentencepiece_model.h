// What the file of a SentencePiece model holds: a protocol buffer (sentencepiece_model.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

struct SentencePiece {
  enum class Type : std::uint64_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
  std::string text;
  float score = 0;
  Type type = Type::normal;

  bool is_added() const { return is_special() || type == Type::user_defined; }  // found in a text before the model sees it
  bool is_special() const { return type == Type::control || type == Type::unknown; }
};

struct SentencePieceModel {
  enum class Kind : std::uint64_t { unigram = 1, byte_pair = 2 };
  std::vector<SentencePiece> pieces;  // by id
  Kind kind = Kind::unigram;
  bool byte_fallback = false;
  bool add_dummy_prefix = true;      // a blank before the text
  std::string precompiled_charsmap;  // its normalizer's rules (charsmap.h); "" without
};

// Throws std::invalid_argument, beginning with `where`, for what is no model, for one of another kind, for pieces that repeat, and
// for scores that are not finite.
SentencePieceModel read_sentencepiece_model(std::string_view bytes, SentencePieceModel::Kind kind, const std::string& where);

}  // namespace omma
