#include "omma/text/word_piece.h"

#include <algorithm>

#include "omma/base/config.h"
#include "omma/base/error.h"

namespace omma {

namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

template <class Fields>
void WordPieceConfig::fields(Fields& field) {
  field("unk_token", unk_token);
  field("continuing_subword_prefix", continuing_subword_prefix);
  field("max_input_chars_per_word", max_input_chars_per_word, Range{0, 1000});  // time is quadratic in it
}

WordPiece::WordPiece(const json& object, const std::string& where)
    : TokenModel(object, where), config_(read_config<WordPieceConfig>(object, where)) {
  const auto unk = vocabulary().find(config_.unk_token);
  check(unk.has_value(), "{}.unk_token: \"{}\" is not in the vocabulary", where, config_.unk_token);
  unk_id_ = *unk;
}

void WordPiece::tokenize(std::string_view word, std::vector<WordToken>& tokens) const {
  const auto size = static_cast<std::uint32_t>(word.size());
  const std::size_t first = tokens.size();
  const auto characters = size - std::count_if(word.begin(), word.end(), is_continuation);
  bool is_spelt = characters <= config_.max_input_chars_per_word;
  std::string piece;
  for (std::uint32_t begin = 0; is_spelt && begin < size;) {
    const std::string_view prefix = begin > 0 ? config_.continuing_subword_prefix : std::string_view{};
    const auto reach = static_cast<std::uint32_t>(std::min<std::size_t>(size - begin, vocabulary().longest_token()));
    piece.assign(prefix).append(word.substr(begin, reach));
    std::uint32_t end = begin + reach;
    std::optional<std::int32_t> id;
    while (end > begin && !(id = vocabulary().find(std::string_view(piece).substr(0, prefix.size() + end - begin)))) --end;
    is_spelt = id.has_value();
    if (is_spelt) tokens.push_back({*id, begin, end});
    begin = end;
  }
  if (is_spelt) return;
  tokens.resize(first);
  tokens.push_back({unk_id_, 0, size});
}

}  // namespace omma
