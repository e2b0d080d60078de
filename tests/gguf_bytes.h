// GGUF files made by hand, so that a test can break any one field.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/gguf.h"
#include "tests/checkpoint_bytes.h"

namespace omma::testing {

inline std::string gguf_text(std::string_view text) { return number<std::uint64_t>(text.size()) + std::string(text); }

// A key with the bytes of its value as they stand in the file.
inline std::string gguf_key(std::string_view key, GgufValueType type, std::string_view value) {
  return gguf_text(key) + number(static_cast<std::uint32_t>(type)) + std::string(value);
}
inline std::string gguf_key(std::string_view key, std::string_view text) {
  return gguf_key(key, GgufValueType::text, gguf_text(text));
}
inline std::string gguf_key(std::string_view key, std::uint32_t value) { return gguf_key(key, GgufValueType::u32, number(value)); }
inline std::string gguf_array(std::string_view key, GgufValueType type, std::uint64_t count, std::string_view elements) {
  return gguf_key(key, GgufValueType::array, number(static_cast<std::uint32_t>(type)) + number(count) + std::string(elements));
}

// `sizes` in the order of the file: the innermost first.
inline std::string gguf_tensor(std::string_view name, const std::vector<std::uint64_t>& sizes, std::uint32_t type,
                               std::uint64_t offset) {
  std::string bytes = gguf_text(name) + number(static_cast<std::uint32_t>(sizes.size()));
  for (const std::uint64_t size : sizes) bytes += number(size);
  return bytes + number(type) + number(offset);
}
inline std::string gguf_tensor(std::string_view name, const std::vector<std::uint64_t>& sizes, GgufType type,
                               std::uint64_t offset) {
  return gguf_tensor(name, sizes, static_cast<std::uint32_t>(type), offset);
}

struct GgufParts {
  std::vector<std::string> keys = {}, tensors = {};
  std::string data = {};
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;                                    // of the data; the key is not written
  std::optional<std::uint64_t> tensor_count = {}, key_count = {};  // where they are not to be the true ones
};

inline std::string gguf_bytes(const GgufParts& parts) {
  std::string bytes = "GGUF" + number(parts.version) + number(parts.tensor_count.value_or(parts.tensors.size())) +
                      number(parts.key_count.value_or(parts.keys.size()));
  for (const std::string& key : parts.keys) bytes += key;
  for (const std::string& tensor : parts.tensors) bytes += tensor;
  bytes.resize((bytes.size() + parts.alignment - 1) / parts.alignment * parts.alignment, '\0');
  return bytes + parts.data;
}

}  // namespace omma::testing
