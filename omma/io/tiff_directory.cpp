#include "omma/io/tiff_directory.h"

#include <algorithm>
#include <array>

#include "omma/base/error.h"

namespace omma {
namespace {

// Bytes of one value; 0: no such type.
std::size_t type_bytes(std::uint16_t type) {
  constexpr std::array<std::size_t, 19> bytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
  return type < bytes.size() ? bytes[type] : 0;
}

bool is_whole_number(std::uint16_t type) {
  return type == 1 || type == 3 || type == 4 || type == 13 || type == 16;  // BYTE, SHORT, LONG, IFD, LONG8
}

}  // namespace

TiffDirectory::TiffDirectory(std::span<const std::uint8_t> bytes, std::string_view name)
    : bytes_(bytes), name_(name), is_big_endian_(!bytes.empty() && bytes[0] == 'M') {
  const bool is_big = read(2, 2) == 43;  // BigTIFF: 64 bits where there were 32
  const std::size_t word = is_big ? 8 : 4;
  const std::uint64_t directory = read(is_big ? 8 : 4, word);
  const std::uint64_t count = read(directory, is_big ? 8 : 2);
  const std::uint64_t first = directory + (is_big ? 8 : 2), size = 4 + 2 * word;
  check(count <= bytes.size() / size, "{}: the file is truncated: its directory claims {} entries", name_, count);
  for (std::uint64_t at = first; at < first + count * size; at += size) {
    Entry entry{.tag = static_cast<std::uint16_t>(read(at, 2)),
                .type = static_cast<std::uint16_t>(read(at + 2, 2)),
                .count = read(at + 4, word),
                .values_at = at + 4 + word};
    if (type_bytes(entry.type) == 0) continue;
    if (entry.count > word / type_bytes(entry.type)) entry.values_at = read(entry.values_at, word);
    entries_.push_back(entry);
  }
}

std::uint64_t TiffDirectory::read(std::uint64_t at, std::size_t bytes) const {
  check(at <= bytes_.size() && bytes <= bytes_.size() - at, "{}: the file is truncated: expected {} bytes at {}, it has {}", name_,
        bytes, at, bytes_.size());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | bytes_[at + (is_big_endian_ ? i : bytes - 1 - i)];
  return value;
}

const TiffDirectory::Entry* TiffDirectory::find(TiffTag tag) const {
  const auto found = std::ranges::find(entries_, static_cast<std::uint16_t>(tag), &Entry::tag);
  return found == entries_.end() ? nullptr : &*found;
}

// How many bytes its values have, which are in the file.
std::uint64_t TiffDirectory::bytes_of(const Entry& entry) const {
  const std::size_t size = type_bytes(entry.type);
  check(entry.values_at <= bytes_.size() && entry.count <= (bytes_.size() - entry.values_at) / size,
        "{}: the file is truncated: expected {} values of entry {} at byte {}, it has {} bytes", name_, entry.count, entry.tag,
        entry.values_at, bytes_.size());
  return entry.count * size;
}

std::vector<std::uint64_t> TiffDirectory::numbers(TiffTag tag) const {
  const Entry* entry = find(tag);
  if (entry == nullptr) return {};
  check(is_whole_number(entry->type), "{}: entry {}: expected whole numbers, got values of type {}", name_, entry->tag,
        entry->type);
  constexpr std::uint64_t most = std::uint64_t{16} << 20;  // tiles of the largest picture, in planes
  check(entry->count <= most, "{}: entry {}: expected at most {} values, got {}", name_, entry->tag, most, entry->count);
  const std::uint64_t end = entry->values_at + bytes_of(*entry);
  std::vector<std::uint64_t> values;
  values.reserve(entry->count);
  for (std::uint64_t at = entry->values_at; at < end; at += type_bytes(entry->type))
    values.push_back(read(at, type_bytes(entry->type)));
  return values;
}

std::optional<std::uint64_t> TiffDirectory::number(TiffTag tag) const {
  const Entry* entry = find(tag);
  if (entry == nullptr || entry->count == 0 || !is_whole_number(entry->type)) return std::nullopt;
  return read(entry->values_at, type_bytes(entry->type));
}

std::string_view TiffDirectory::text(TiffTag tag) const {
  const Entry* entry = find(tag);
  if (entry == nullptr) return "";
  const std::uint64_t size = bytes_of(*entry);
  return {reinterpret_cast<const char*>(bytes_.data() + entry->values_at), size};
}

}  // namespace omma
