// YAML, read from files that may be hostile. Not part of the interface.
#pragma once

#include <filesystem>

#include "omma/base/json.h"

namespace omma {

// The file's first document as JSON: maps with texts as keys, lists, null, and every other value as the text that it was written
// with. At most 1 MiB, 32 levels deep and 200,000 values, of which those behind an alias count each time. Throws
// std::invalid_argument naming the file, and line where the YAML is malformed.
json read_yaml(const std::filesystem::path& file);

}  // namespace omma
