// The tokens of a vocabulary by their text and by their id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "omma/base/json.h"

namespace omma {

// Memory follows the number of tokens, never the largest id. Not copyable: id_to_token gives views into it.
class TokenTable {
 public:
  TokenTable() = default;
  TokenTable(TokenTable&&) = default;
  TokenTable& operator=(TokenTable&&) = default;

  // {"token": id, ...}. Throws std::invalid_argument, beginning with `where`, for ids that are no integers in 0..2^31-1 or repeat.
  static TokenTable from_json(const json& object, const std::string& where);

  // False where the text or the id is taken.
  bool add(std::string_view token, std::int32_t id);

  std::optional<std::int32_t> find(std::string_view token) const;
  std::string_view token(std::int32_t id) const;  // "" where there is none
  bool has(std::int32_t id) const { return tokens_.contains(id); }
  std::size_t size() const { return ids_.size(); }
  std::int32_t largest_id() const { return largest_id_; }       // -1 without tokens
  std::size_t longest_token() const { return longest_token_; }  // in bytes

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> ids_;
  std::unordered_map<std::int32_t, std::string_view> tokens_;  // views of the keys of ids_, which never move
  std::int32_t largest_id_ = -1;
  std::size_t longest_token_ = 0;
};

// An id in a tokenizer file. Throws std::invalid_argument, beginning with `where`, unless it is an integer in 0..2^31-1.
std::int32_t token_id_from_json(const json& value, const std::string& where);

}  // namespace omma
