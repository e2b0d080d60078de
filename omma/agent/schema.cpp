#include "omma/agent/schema.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "omma/base/error.h"

namespace omma {

namespace {

constexpr std::array keywords = {
    "type",    "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "minLength", "maxLength",
    "minimum", "maximum",    "enum",     "description"};
constexpr std::array types = {"object", "array", "string", "integer", "number", "boolean"};

bool is_of_type(const json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return value.is_boolean();
}

std::string with_article_of_type(std::string_view type) {
  const bool vowel = type.starts_with('a') || type.starts_with('i') || type.starts_with('o');
  return fmt::format("{} {}", vowel ? "an" : "a", type);
}

std::string fault(const std::string& path, const std::string& what) { return (path.empty() ? "input" : path) + ": " + what; }

// Keywords that bound a size: "at least 1 item".
std::string size_fault(const json& schema, const std::string& path, const char* least, const char* most, std::size_t size,
                       std::string_view unit) {
  if (schema.contains(least) && size < schema[least].get<std::size_t>())
    return fault(path, fmt::format("expected at least {} {}, got {}", schema[least].get<std::size_t>(), unit, size));
  if (schema.contains(most) && size > schema[most].get<std::size_t>())
    return fault(path, fmt::format("expected at most {} {}, got {}", schema[most].get<std::size_t>(), unit, size));
  return "";
}

std::string fault_at(const json& schema, const json& value, const std::string& path);

std::string object_fault(const json& schema, const json& value, const std::string& path) {
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const json& name : schema.value("required", json::array()))
    if (!value.contains(name)) return fault(prefix + name.get<std::string>(), "is required");
  const json properties = schema.value("properties", json::object());
  for (const auto& [key, item] : value.items()) {
    if (properties.contains(key)) {
      if (std::string found = fault_at(properties[key], item, prefix + key); !found.empty()) return found;
    } else if (!schema.value("additionalProperties", true)) {
      return fault(path, fmt::format("unknown key \"{}\"", key.substr(0, 100)));
    }
  }
  return "";
}

std::string array_fault(const json& schema, const json& value, const std::string& path) {
  if (std::string found = size_fault(schema, path, "minItems", "maxItems", value.size(), "items"); !found.empty()) return found;
  if (!schema.contains("items")) return "";
  for (std::size_t i = 0; i < value.size(); ++i)
    if (std::string found = fault_at(schema["items"], value[i], fmt::format("{}[{}]", path, i)); !found.empty()) return found;
  return "";
}

std::string fault_at(const json& schema, const json& value, const std::string& path) {
  const std::string type = schema.value("type", "");
  if (!type.empty() && !is_of_type(value, type))
    return fault(path, fmt::format("expected {}, got {}", with_article_of_type(type), with_article_of_type(value.type_name())));
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    return fault(path, fmt::format("expected one of {}", dump_json(schema["enum"])));
  if (value.is_object()) return object_fault(schema, value, path);
  if (value.is_array()) return array_fault(schema, value, path);
  if (value.is_string())
    return size_fault(schema, path, "minLength", "maxLength", value.get_ref<const std::string&>().size(), "characters");
  if (value.is_number()) {
    const double number = value.get<double>();
    if (schema.contains("minimum") && !(number >= schema["minimum"].get<double>()))
      return fault(path, fmt::format("expected at least {}, got {}", schema["minimum"].get<double>(), number));
    if (schema.contains("maximum") && !(number <= schema["maximum"].get<double>()))
      return fault(path, fmt::format("expected at most {}, got {}", schema["maximum"].get<double>(), number));
  }
  return "";
}

}  // namespace

void check_schema(const json& schema, const std::string& where) {
  check(schema.is_object(), "{}: expected a schema object, got {}", where, schema.type_name());
  for (const auto& [keyword, value] : schema.items()) {
    check(std::find(keywords.begin(), keywords.end(), keyword) != keywords.end(), "{}: unsupported schema keyword \"{}\"", where,
          keyword);
    if (keyword == "type") {
      const bool known = value.is_string() && std::find(types.begin(), types.end(), value.get<std::string>()) != types.end();
      check(known, "{}: unsupported type {}", where, dump_json(value));
    } else if (keyword == "properties") {
      check(value.is_object(), "{}.properties: expected an object, got {}", where, value.type_name());
      for (const auto& [name, property] : value.items()) check_schema(property, where + "." + name);
    } else if (keyword == "items") {
      check_schema(value, where + "[]");
    } else if (keyword == "additionalProperties") {
      check(value.is_boolean(), "{}.additionalProperties: expected a boolean, got {}", where, value.type_name());
    } else if (keyword == "required" || keyword == "enum") {
      check(value.is_array(), "{}.{}: expected an array, got {}", where, keyword, value.type_name());
    } else if (keyword != "description") {
      const bool is_size = keyword != "minimum" && keyword != "maximum";  // of items or characters
      check(is_size ? value.is_number_integer() && value.get<std::int64_t>() >= 0 : value.is_number(),
            "{}.{}: expected a number, got {}", where, keyword, dump_json(value));
    }
  }
}

std::string schema_fault(const json& schema, const json& value) { return fault_at(schema, value, ""); }

}  // namespace omma
