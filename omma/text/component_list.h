// The parts of a tokenizer.json come alone or in a Sequence: read as a flat list either way.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "omma/base/error.h"
#include "omma/base/json.h"

namespace omma {

inline constexpr std::size_t kMaxComponents = 64;     // of one kind: each costs a pass over every text
inline constexpr std::size_t kMaxSequenceDepth = 16;  // a Sequence in a Sequence in ...

// The field "type". Throws std::invalid_argument, beginning with `where`, unless `object` is an object that has one.
std::string component_type(const json& object, const std::string& where);

// Calls read(object, where) for the component, or for those of a Sequence in order, whose list is the field `list_name`; nothing
// for null. Throws std::invalid_argument over the limits.
template <class Read>
void read_components(const json& object, const std::string& where, const std::string& list_name, Read&& read, std::size_t& count,
                     std::size_t depth = 0) {
  if (object.is_null()) return;
  if (component_type(object, where) != "Sequence") {
    check(++count <= kMaxComponents, "{}: expected at most {} components", where, kMaxComponents);
    return read(object, where);
  }
  check(depth < kMaxSequenceDepth, "{}: Sequence nested deeper than {}", where, kMaxSequenceDepth);
  const auto list = object.find(list_name);
  check(list != object.end() && list->is_array(), "{}.{}: expected a list", where, list_name);
  for (std::size_t i = 0; i < list->size(); ++i)
    read_components((*list)[i], fmt::format("{}.{}[{}]", where, list_name, i), list_name, read, count, depth + 1);
}

}  // namespace omma
