// The keys and values that open a GGUF file: what a model is, its tokenizer, its chat template.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/byte_reader.h"

namespace omma {

// Over these a file is refused. Each text takes at least the 8 bytes of its length, so that an array's count is checked against the
// bytes that are left before anything is allocated for it.
inline constexpr std::uint64_t max_gguf_keys = 65'536;
inline constexpr std::uint64_t max_gguf_key_bytes = 65'535;    // as the format has it
inline constexpr std::uint64_t max_gguf_array = 1 << 24;       // elements
inline constexpr std::uint64_t max_gguf_text_bytes = 1 << 28;  // of one text

// The values are the file's own.
enum class GgufValueType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, array, u64, i64, f64 };

std::string_view name_of(GgufValueType type);  // "UINT32", as the format's documents write it

struct GgufValue {
  std::string_view key;
  GgufValueType type = GgufValueType::u8;  // of an array: its elements'
  bool is_array = false;
  std::uint64_t count = 1;              // elements of an array
  std::span<const std::uint8_t> bytes;  // little-endian numbers, or texts with their length (u64) before each
};

// Getters take the value under a key and throw std::invalid_argument "FILE: KEY: expected WHAT, found WHAT" where it is absent, of
// another kind, or out of range; ask has() first for what a file may leave out. Integers are taken from every integer type, as
// writers disagree about widths. Texts are the file's bytes, not checked to be UTF-8. Views and spans lie in the file's bytes and
// live as long as those. Const access is thread-safe.
class GgufMetadata {
 public:
  GgufMetadata() = default;
  // Reads `count` keys and their values, from the reader's place on; `count` is the file's word, not checked before. Throws
  // std::invalid_argument for duplicate and empty keys, arrays of arrays, booleans other than 0 and 1, and what passes the limits
  // above or the bytes that are left.
  GgufMetadata(ByteReader& reader, std::uint64_t count);

  const std::vector<GgufValue>& values() const { return values_; }  // sorted by key, unique
  const GgufValue* find(std::string_view key) const;                // nullptr where absent
  bool has(std::string_view key) const { return find(key) != nullptr; }

  std::int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;  // finite; integers, too
  bool boolean(std::string_view key) const;
  std::string_view text(std::string_view key) const;
  std::vector<std::int64_t> integers(std::string_view key) const;
  std::vector<float> numbers(std::string_view key) const;  // NaN and infinities as they are; only of FLOAT32 and FLOAT64
  std::vector<bool> booleans(std::string_view key) const;
  std::vector<std::string_view> texts(std::string_view key) const;

 private:
  const GgufValue& expect(std::string_view key, std::string_view expected, bool is_array, bool (*is_kind)(GgufValueType)) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view expected) const;

  std::string name_;  // the file's, for errors
  std::vector<GgufValue> values_;
};

}  // namespace omma
