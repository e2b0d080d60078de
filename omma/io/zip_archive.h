// The zip container of torch.save: stored (not compressed) entries, used in place (PKWARE APPNOTE 6.3.10, with zip64).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

struct ZipEntry {
  std::string_view name;
  std::span<const std::uint8_t> bytes;  // as they lie in the archive
  unsigned method = 0;                  // of compression; 0 is stored
  std::uint32_t crc = 0;
  std::uint64_t local_offset = 0;  // of its local header in the archive
};

// The directory of an archive, checked against every local header. Refused (std::invalid_argument): encryption, several disks, an
// archive comment, duplicate names, overlapping entries, and any disagreement between the two headers of an entry. Views stay valid
// while the archive's bytes do; const access is thread-safe.
class ZipArchive {
 public:
  ZipArchive(std::span<const std::uint8_t> bytes, std::string name);

  const std::vector<ZipEntry>& entries() const { return entries_; }  // sorted by name
  const ZipEntry* find(std::string_view name) const;                 // nullptr where absent
  // Reads every byte of these entries, on several threads, and throws where one is compressed or does not match its CRC-32.
  void verify(std::span<const ZipEntry* const> entries) const;

 private:
  std::string name_;
  std::vector<ZipEntry> entries_;
};

}  // namespace omma
