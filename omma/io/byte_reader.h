// A cursor over bytes from outside: every read is checked against what is left.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "omma/base/error.h"

namespace omma {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian and are read without conversion");

// Errors read "NAME: byte OFFSET: ...". Not thread-safe; copying is cheap and gives an independent cursor.
class ByteReader {
 public:
  ByteReader(std::span<const std::uint8_t> bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  std::size_t offset() const { return offset_; }
  std::size_t left() const { return bytes_.size() - offset_; }
  const std::string& name() const { return name_; }

  std::span<const std::uint8_t> take(std::uint64_t count) {
    if (count > left()) [[unlikely]]
      fail("{}: byte {}: expected {} more bytes, found {}", name_, offset_, count, left());
    const auto taken = bytes_.subspan(offset_, static_cast<std::size_t>(count));
    offset_ += taken.size();
    return taken;
  }

  std::string_view text(std::uint64_t count) {
    const auto taken = take(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  // Up to the newline, which is skipped.
  std::string_view line() {
    const void* end = left() == 0 ? nullptr : std::memchr(bytes_.data() + offset_, '\n', left());
    if (end == nullptr) fail("{}: byte {}: expected a line, found no newline", name_, offset_);
    const auto length = static_cast<const std::uint8_t*>(end) - (bytes_.data() + offset_);
    const std::string_view found = text(static_cast<std::uint64_t>(length));
    take(1);
    return found;
  }

  // A little-endian number.
  template <class T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::string name_;
  std::size_t offset_ = 0;
};

}  // namespace omma
