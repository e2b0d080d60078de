// Tar files made by hand, so that a test can break any one field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace omma::testing {

struct TarEntry {
  std::string name = {};
  std::string bytes = {};
  char type = '0';                         // regular; '1' hard link, '2' symbolic link, '3' device, '5' folder, 'x' pax, 'S' sparse
  std::string link = {};                   // target
  std::optional<std::uint64_t> size = {};  // what the header says, where it lies
};

// Octal digits and a NUL to `width`; binary, as GNU tar has it, where they do not fit.
inline std::string tar_number(std::uint64_t value, std::size_t width) {
  std::string field(width, '\0');
  if (value >> (3 * (width - 1)) != 0) {
    field[0] = static_cast<char>(0x80);
    for (std::size_t i = width; i > width - 8; --i, value >>= 8) field[i - 1] = static_cast<char>(value & 0xff);
    return field;
  }
  for (std::size_t i = width - 1; i > 0; --i, value >>= 3) field[i - 1] = static_cast<char>('0' + (value & 7));
  return field;
}

inline std::string padded(std::string_view text, std::size_t width) {
  std::string field(text.substr(0, width));
  field.resize(width);
  return field;
}

// One ustar entry: header and bytes, filled to whole blocks of 512.
inline std::string tar_entry(const TarEntry& entry) {
  std::string header = padded(entry.name, 100) + tar_number(0644, 8) + tar_number(0, 8) + tar_number(0, 8) +
                       tar_number(entry.size.value_or(entry.bytes.size()), 12) + tar_number(0, 12) + std::string(8, ' ') +
                       entry.type + padded(entry.link, 100) + padded("ustar", 6) + "00";
  header.resize(512);
  std::uint64_t sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  header.replace(148, 8, tar_number(sum, 7) + " ");
  return header + padded(entry.bytes, (entry.bytes.size() + 511) / 512 * 512);
}

inline std::string tar_end() { return std::string(1024, '\0'); }

// A whole archive of regular files.
inline std::string tar_of(std::initializer_list<TarEntry> entries) {
  std::string archive;
  for (const TarEntry& entry : entries) archive += tar_entry(entry);
  return archive + tar_end();
}

// The record "LENGTH KEY=VALUE\n" of a pax header.
inline std::string pax_record(std::string_view key, std::string_view value) {
  std::string body;
  body.append(" ").append(key).append("=").append(value).append("\n");
  std::size_t length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length) ++length;
  return std::to_string(length).append(body);
}

}  // namespace omma::testing
