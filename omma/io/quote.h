// Names from outside in messages.
#pragma once

#include <string>
#include <string_view>

#include "omma/base/json.h"

namespace omma {

// The text in quotes, control characters escaped, cut where it is long: safe and readable in an error or a log.
inline std::string quote(std::string_view text) {
  constexpr std::size_t longest = 200;
  if (text.size() <= longest) return dump_json(json(text));
  return dump_json(json(text.substr(0, longest))) + "...";
}

}  // namespace omma
