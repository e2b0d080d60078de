#include "omma/text/token_table.h"

#include <algorithm>
#include <limits>

#include "omma/base/error.h"

namespace omma {

TokenTable TokenTable::from_json(const json& object, const std::string& where) {
  check(object.is_object(), "{}: expected an object of tokens and ids, got {}", where, object.type_name());
  TokenTable table;
  table.ids_.reserve(object.size());
  table.tokens_.reserve(object.size());
  for (const auto& [token, value] : object.items()) {
    const std::int32_t id = token_id_from_json(value, where);
    if (!table.add(token, id)) fail("{}: id {} is given to \"{}\" and to \"{}\"", where, id, table.token(id), token);
  }
  return table;
}

bool TokenTable::add(std::string_view token, std::int32_t id) {
  if (tokens_.contains(id)) return false;
  const auto [place, is_added] = ids_.emplace(token, id);
  if (!is_added) return false;
  tokens_.emplace(id, place->first);
  largest_id_ = std::max(largest_id_, id);
  longest_token_ = std::max(longest_token_, token.size());
  return true;
}

std::optional<std::int32_t> TokenTable::find(std::string_view token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::string_view TokenTable::token(std::int32_t id) const {
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? std::string_view{} : found->second;
}

std::int32_t token_id_from_json(const json& value, const std::string& where) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  const bool is_id =
      value.is_number_unsigned() ? value.get<std::uint64_t>() <= kMax : value.is_number_integer() && value.get<std::int64_t>() >= 0;
  if (!is_id) fail("{}: expected a token id in 0..{}, got {}", where, kMax, dump_json(value).substr(0, 40));
  return value.get<std::int32_t>();
}

}  // namespace omma
