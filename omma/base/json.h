// JSON, read from files that may be hostile.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

using json = nlohmann::json;

struct JsonLimits {
  std::size_t depth = 64;         // nested arrays and objects
  std::size_t bytes = 256 << 20;  // of text
  bool reject_duplicate_keys = false;
  std::vector<std::string> skip_keys = {};  // members left out wherever they stand: bulk that the reader does not need
};

// Parses one JSON value that is the whole text. `where` (a file name, "header of x.safetensors") begins every error.
// Throws std::invalid_argument with the byte offset for malformed text, invalid UTF-8, and anything over the limits.
json parse_json(std::string_view text, std::string_view where, const JsonLimits& limits = {});

// Reads and parses a file. Throws std::invalid_argument where the file is missing or malformed.
json read_json(const std::filesystem::path& file, const JsonLimits& limits = {});

// One line, invalid UTF-8 replaced by U+FFFD: never throws on strings from outside.
std::string dump_json(const json& value, int indent = -1);

}  // namespace omma
