#include "omma/base/json.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/file.h"

namespace omma {

json parse_json(std::string_view text, std::string_view where, const JsonLimits& limits) {
  check(text.size() <= limits.bytes, "{}: JSON of {} bytes is over the limit of {}", where, text.size(), limits.bytes);
  std::vector<std::set<std::string>> keys;  // of the open objects, innermost last
  const auto guard = [&](int depth, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start)
      check(static_cast<std::size_t>(depth) < limits.depth, "{}: JSON nested deeper than {}", where, limits.depth);
    if (event == Event::key && std::find(limits.skip_keys.begin(), limits.skip_keys.end(), parsed) != limits.skip_keys.end())
      return false;
    if (!limits.reject_duplicate_keys) return true;
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key)
      check(keys.back().insert(parsed.get<std::string>()).second, "{}: duplicate key {}", where, dump_json(parsed));
    return true;
  };
  try {
    return json::parse(text, guard);
  } catch (const json::exception& error) {
    fail("{}: malformed JSON: {}", where, error.what());  // what() names the line, column and byte
  }
}

json read_json(const std::filesystem::path& file, const JsonLimits& limits) {
  return parse_json(read_file(file, limits.bytes), file.string(), limits);
}

std::string dump_json(const json& value, int indent) { return value.dump(indent, ' ', false, json::error_handler_t::replace); }

}  // namespace omma
