#include "omma/train/recipe.h"

#include <algorithm>
#include <array>
#include <set>

namespace omma {
namespace {

constexpr std::array kCarriedOut = {"max_minutes", "checkpoint_minutes", "validate_every", "log_every", "loader_threads", "threads",
                                    "device"};

constexpr int64_t kSteps = TrainerConfig{}.steps;

json::json_pointer pointer_of(std::string_view path) {
  std::string text = "/";
  for (const char c : path) text += c == '.' ? '/' : c;
  return json::json_pointer(text);
}

std::string value_of(const json& object, const std::string& key) {
  return object.contains(key) ? dump_json(object[key]) : "absent";
}

}  // namespace

json read_recipe(const std::filesystem::path& file, std::span<const std::string> overrides) {
  json recipe = read_json(file);
  check(recipe.is_object(), "{}: expected a JSON object, got {}", file.string(), recipe.type_name());
  for (const std::string& entry : overrides) {
    const std::size_t equals = entry.find('=');
    check(equals != std::string::npos && equals > 0, "override \"{}\": expected key=value", entry);
    const std::string text = entry.substr(equals + 1);
    const json value = json::accept(text) ? parse_json(text, entry) : json(text);
    try {
      recipe[pointer_of(std::string_view(entry).substr(0, equals))] = value;
    } catch (const json::exception& error) {
      fail("override \"{}\": {}", entry, error.what());
    }
  }
  return recipe;
}

std::vector<std::string> recipe_differences(const json& recorded, const json& here) {
  std::set<std::string> keys;
  for (const auto& [key, value] : recorded.items()) keys.insert(key);
  for (const auto& [key, value] : here.items()) keys.insert(key);
  std::vector<std::string> differences;
  for (const std::string& key : keys) {
    if (std::find(kCarriedOut.begin(), kCarriedOut.end(), key) != kCarriedOut.end()) continue;
    if (key == "steps" && here.value(key, kSteps) >= recorded.value(key, kSteps)) continue;
    const std::string was = value_of(recorded, key), is = value_of(here, key);
    if (was != is) differences.push_back(fmt::format("{}: {}, here {}", key, was, is));
  }
  return differences;
}

}  // namespace omma
