#include "omma/base/config.h"

namespace omma::config_detail {
namespace {

// A value short enough for an error message.
std::string excerpt(const json& value) {
  std::string text = dump_json(value);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

}  // namespace

const json* find_path(const json& object, std::string_view path) {
  const json* at = &object;
  while (true) {
    const std::size_t dot = path.find('.');
    if (!at->is_object()) return nullptr;
    const auto found = at->find(path.substr(0, dot));
    if (found == at->end() || found->is_null()) return nullptr;
    at = &*found;
    if (dot == std::string_view::npos) return at;
    path.remove_prefix(dot + 1);
  }
}

void Reader::mismatch(const std::string& name, std::string_view expected, const json& got) {
  faults_.add("{}: expected {}, got {}", name, expected, excerpt(got));
}

void Reader::outside(const std::string& name, Range range, const json& got) {
  faults_.add("{}: expected {} to {}, got {}", name, range.min, range.max, excerpt(got));
}

}  // namespace omma::config_detail
