#include "omma/text/bpe.h"

#include <algorithm>
#include <queue>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
}

std::pair<std::string_view, std::string_view> parts_of(const json& merge, std::uint32_t rank, const std::string& where) {
  if (merge.is_string()) {
    const std::string_view text = merge.get_ref<const std::string&>();
    const std::size_t space = text.find(' ');
    if (space != std::string_view::npos && text.find(' ', space + 1) == std::string_view::npos)
      return {text.substr(0, space), text.substr(space + 1)};
  } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>()};
  }
  fail("{}[{}]: expected \"left right\" or [\"left\", \"right\"], got {}", where, rank, dump_json(merge).substr(0, 80));
}

}  // namespace

// A token in the making: a list of them, linked by place, covers the word.
struct Bpe::Symbol {
  std::int32_t id;
  std::uint32_t size;  // bytes of the word; 0 once it is part of the symbol before
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

Bpe::Bpe(const json& object, const std::string& where) : TokenModel(object, where), config_(read_config<BpeConfig>(object, where)) {
  const auto merges = object.find("merges");
  check(merges != object.end() && merges->is_array(), "{}.merges: expected a list", where);
  check(merges->size() < kNone, "{}.merges: expected fewer than 2^32", where);
  merges_.reserve(merges->size());
  for (std::uint32_t rank = 0; rank < merges->size(); ++rank) add_merge((*merges)[rank], rank, where + ".merges");
  if (config_.unk_token) unk_id_ = vocabulary().find(*config_.unk_token);
  if (!config_.byte_fallback) return;
  check_byte_tokens(object["vocab"], where + ".vocab");
  for (int byte = 0; byte < 256; ++byte) byte_ids_.push_back(vocabulary().find(fmt::format("<0x{:02X}>", byte)));
}

void Bpe::add_merge(const json& merge, std::uint32_t rank, const std::string& where) {
  const auto [left, right] = parts_of(merge, rank, where);
  const std::string_view prefix = config_.continuing_subword_prefix ? *config_.continuing_subword_prefix : std::string_view{};
  if (right.size() < prefix.size()) fail("{}[{}]: \"{}\" is shorter than the prefix \"{}\"", where, rank, right, prefix);
  std::string joint(left);
  joint += right.substr(prefix.size());
  const auto id_of = [&](std::string_view token) {
    const auto id = vocabulary().find(token);
    if (!id) fail("{}[{}]: \"{}\" is not in the vocabulary", where, rank, token.substr(0, 80));
    return *id;
  };
  const std::int32_t left_id = id_of(left);
  const std::int32_t right_id = id_of(right);
  merges_.insert_or_assign(pair_key(left_id, right_id), Merge{rank, id_of(joint)});
}

// A vocabulary with byte tokens has no others that look like them.
void Bpe::check_byte_tokens(const json& vocabulary, const std::string& where) const {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  for (const auto& [token, id] : vocabulary.items()) {
    if (!token.starts_with("<0x") || !token.ends_with('>')) continue;
    check(token.size() == 6 && is_digit(token[3]) && is_digit(token[4]), "{}: expected byte tokens <0x00>..<0xFF>, got \"{}\"",
          where, token);
  }
}

const Bpe::Merge* Bpe::find_merge(std::int32_t left, std::int32_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

bool Bpe::add_bytes(std::string_view character, std::vector<Symbol>& symbols) const {
  const auto id_of = [this](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  if (!std::all_of(character.begin(), character.end(), [&](char byte) { return id_of(byte).has_value(); })) return false;
  for (const char byte : character) symbols.push_back({*id_of(byte), 1});
  return true;
}

// The word's characters as tokens. Unknown ones wait in `unknown` until a known character comes; bytes do not count as one, so
// that bytes after a waiting unk_token come before it, as the library has it (where only some bytes have tokens).
std::vector<Bpe::Symbol> Bpe::symbols_of(std::string_view word) const {
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  std::optional<Symbol> unknown;
  std::string decorated;
  for (std::size_t begin = 0; begin < word.size();) {
    const std::uint32_t size = std::min<std::uint32_t>(utf8_size(word[begin]), static_cast<std::uint32_t>(word.size() - begin));
    std::string_view character = word.substr(begin, size);
    const bool takes_prefix = begin > 0 && config_.continuing_subword_prefix;
    begin += size;
    const bool takes_suffix = begin == word.size() && config_.end_of_word_suffix;
    if (takes_prefix || takes_suffix) {
      decorated = takes_prefix ? *config_.continuing_subword_prefix : "";
      decorated += character;
      if (takes_suffix) decorated += *config_.end_of_word_suffix;
      character = decorated;
    }
    if (const auto id = vocabulary().find(character)) {
      if (unknown) symbols.push_back(*unknown);
      unknown.reset();
      symbols.push_back({*id, size});
    } else if (config_.byte_fallback && add_bytes(character, symbols)) {
      continue;
    } else if (config_.unk_token) {
      check(unk_id_.has_value(), "unk_token: \"{}\" is not in the vocabulary", *config_.unk_token);
      if (unknown && config_.fuse_unk) {
        unknown->size += size;
      } else {
        if (unknown) symbols.push_back(*unknown);
        unknown = Symbol{*unk_id_, size};
      }
    }
  }
  if (unknown) symbols.push_back(*unknown);
  return symbols;
}

// Merges by rank, then from the left; a heap of candidates keeps long words at O(n log n).
void Bpe::merge_symbols(std::vector<Symbol>& symbols) const {
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t place;  // of the left symbol
    std::int32_t id;
    bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : place > other.place; }
  };
  std::vector<Candidate> storage;
  storage.reserve(symbols.size());
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates({}, std::move(storage));
  const auto consider = [&](std::uint32_t left, std::uint32_t right) {
    if (left == kNone || right == kNone) return;
    if (const Merge* merge = find_merge(symbols[left].id, symbols[right].id)) candidates.push({merge->rank, left, merge->id});
  };
  for (std::uint32_t i = 0; i < symbols.size(); ++i) {
    symbols[i].previous = i > 0 ? i - 1 : kNone;
    symbols[i].next = i + 1 < symbols.size() ? i + 1 : kNone;
    if (i > 0) consider(i - 1, i);
  }
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    Symbol& left = symbols[best.place];
    if (left.size == 0 || left.next == kNone) continue;
    Symbol& right = symbols[left.next];
    const Merge* merge = find_merge(left.id, right.id);
    if (merge == nullptr || merge->id != best.id) continue;  // the candidate speaks of symbols that have changed since
    left.id = best.id;
    left.size += right.size;
    left.next = right.next;
    right.size = 0;
    if (left.next != kNone) symbols[left.next].previous = best.place;
    consider(left.previous, best.place);
    consider(best.place, left.next);
  }
  std::erase_if(symbols, [](const Symbol& symbol) { return symbol.size == 0; });
}

void Bpe::tokenize(std::string_view word, std::vector<WordToken>& tokens) const {
  if (config_.ignore_merges) {
    if (const auto id = vocabulary().find(word)) {
      tokens.push_back({*id, 0, static_cast<std::uint32_t>(word.size())});
      return;
    }
  }
  std::vector<Symbol> symbols = symbols_of(word);
  merge_symbols(symbols);
  std::uint32_t begin = 0;
  for (const Symbol& symbol : symbols) {
    tokens.push_back({symbol.id, begin, begin + symbol.size});
    begin += symbol.size;
  }
}

}  // namespace omma
