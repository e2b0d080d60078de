#include "omma/text/unigram.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::size_t kMaxPieceBytes = 1024;  // a word may be read this far ahead at each of its characters
constexpr double kUnknownPenalty = 10;        // below the lowest score

const json& pieces_of(const json& object, const std::string& where) {
  const auto pieces = object.find("vocab");
  check(pieces != object.end() && pieces->is_array(), "{}.vocab: expected a list of [piece, score]", where);
  check(!pieces->empty() && pieces->size() <= std::numeric_limits<std::int32_t>::max(),
        "{}.vocab: expected 1 to 2^31 - 1 pieces, got {}", where, pieces->size());
  return *pieces;
}

TokenTable read_pieces(const json& list, const std::string& where) {
  TokenTable table;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const json& pair = list[i];
    const bool is_pair = pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_number();
    if (!is_pair) fail("{}.vocab[{}]: expected [piece, score], got {}", where, i, dump_json(pair).substr(0, 80));
    const std::string_view piece = pair[0].get_ref<const std::string&>();
    if (piece.size() > kMaxPieceBytes)
      fail("{}.vocab[{}]: expected a piece of at most {} bytes, got {}", where, i, kMaxPieceBytes, piece.size());
    if (!std::isfinite(pair[1].get<double>())) fail("{}.vocab[{}]: expected a finite score of \"{}\"", where, i, piece);
    if (!table.add(piece, static_cast<std::int32_t>(i))) fail("{}.vocab[{}]: \"{}\" is there already", where, i, piece);
  }
  return table;
}

// The number that the `tokenizers` library makes of a score's digits. Its parser takes them for an integer and divides that by a
// power of ten, which misses the nearest double by a unit for one score in seven; and where two ways to cut "-----" tie on paper,
// such a unit decides. Files have the shortest digits that name the double.
double score_in_text(double score) {
  std::array<char, 32> buffer;
  char* const end = std::to_chars(buffer.begin(), buffer.end(), std::abs(score), std::chars_format::scientific).ptr;  // 1.25e+01
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t mark = text.find('e');
  std::string digits(text.substr(0, mark));
  std::erase(digits, '.');
  const int exponent = std::stoi(std::string(text.substr(mark + 1))) - static_cast<int>(digits.size() - 1);
  const auto whole = static_cast<double>(std::stoull(digits));
  const double parsed = exponent < 0 ? whole / std::pow(10.0, -exponent) : whole * std::pow(10.0, exponent);
  return std::copysign(parsed, score);
}

}  // namespace

Unigram::Unigram(const json& object, const std::string& where) : TokenModel(read_pieces(pieces_of(object, where), where)) {
  const auto config = read_config<UnigramConfig>(object, where);
  double lowest = std::numeric_limits<double>::infinity();
  for (const json& pair : pieces_of(object, where)) {
    const double score = pair[1].get<double>();
    pieces_.add(pair[0].get_ref<const std::string&>(), static_cast<std::uint32_t>(scores_.size()));
    scores_.push_back(config.exact_scores ? score : score_in_text(score));
    lowest = std::min(lowest, scores_.back());
  }
  unk_score_ = lowest - kUnknownPenalty;
  if (config.unk_id) {
    check(*config.unk_id >= 0 && *config.unk_id < std::ssize(scores_),
          "{}.unk_id: expected a place in the list of {} pieces, got {}", where, scores_.size(), *config.unk_id);
    unk_id_ = static_cast<std::int32_t>(*config.unk_id);
  }
  for (int byte = 0; config.byte_fallback && byte < 256; ++byte)
    byte_ids_.push_back(vocabulary().find(fmt::format("<0x{:02X}>", byte)));
}

// The best ways to every place, from left to right; of equal sums the first counts, that of the longest last piece.
std::vector<Unigram::Step> Unigram::best_steps(std::string_view word) const {
  std::vector<Step> best(word.size() + 1);
  const auto offer = [&best](std::size_t begin, std::size_t end, double score, std::int32_t id) {
    const double sum = best[begin].sum + score;
    Step& step = best[end];
    if (step.id >= 0 && !(sum > step.sum)) return;
    check(id >= 0, "unk_id: expected one, for a text has a character that no piece begins with");
    step = {sum, id, static_cast<std::uint32_t>(begin)};
  };
  for (std::size_t begin = 0, next = 0; begin < word.size(); begin = next) {
    next = std::min<std::size_t>(begin + utf8_size(word[begin]), word.size());
    bool is_known = false;  // whether the character is a piece
    pieces_.for_each_match(word.substr(begin), [&](const PrefixTrie::Match& match) {
      offer(begin, begin + match.size, scores_[match.value], static_cast<std::int32_t>(match.value));
      is_known = is_known || begin + match.size == next;
    });
    if (!is_known) offer(begin, next, unk_score_, unk_id_);
  }
  return best;
}

// Unknown characters may spell a piece, one that scores lower than they do together.
void Unigram::add_unknown(std::string_view word, WordToken run, std::vector<WordToken>& tokens) const {
  const std::string_view text = word.substr(run.begin, run.end - run.begin);
  const auto id_of = [this](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  const auto piece = vocabulary().find(text);
  if (!piece && !byte_ids_.empty() && std::ranges::all_of(text, [&](char byte) { return id_of(byte).has_value(); })) {
    for (const char byte : text) tokens.push_back({*id_of(byte), run.begin, run.end});
  } else {
    tokens.push_back({piece.value_or(unk_id_), run.begin, run.end});
  }
}

void Unigram::tokenize(std::string_view word, std::vector<WordToken>& tokens) const {
  const std::vector<Step> best = best_steps(word);
  std::vector<WordToken> way;  // from the word's end to its beginning, neighbouring unknown characters as one
  for (auto end = static_cast<std::uint32_t>(word.size()); end > 0; end = best[end].begin) {
    const Step& step = best[end];
    if (step.id == unk_id_ && !way.empty() && way.back().id == unk_id_) {
      way.back().begin = step.begin;
    } else {
      way.push_back({step.id, step.begin, end});
    }
  }
  for (auto token = way.rbegin(); token != way.rend(); ++token) {
    if (token->id == unk_id_) {
      add_unknown(word, *token, tokens);
    } else {
      tokens.push_back(*token);
    }
  }
}

}  // namespace omma
