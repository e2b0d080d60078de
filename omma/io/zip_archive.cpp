#include "omma/io/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "omma/base/error.h"
#include "omma/base/threads.h"
#include "omma/io/byte_reader.h"
#include "omma/io/quote.h"

namespace omma {
namespace {

constexpr std::uint32_t in_zip64 = 0xffffffff;  // a 32-bit field whose value is in the zip64 record
constexpr std::size_t end_record_bytes = 22, locator_bytes = 20, zip64_end_record_bytes = 56, central_header_bytes = 46;

enum Flag : unsigned { encrypted = 1 << 0, sizes_follow_data = 1 << 3, utf8_name = 1 << 11 };

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;
};

struct Header {  // what an entry's central and local headers both tell
  unsigned flags = 0;
  unsigned method = 0;
  std::uint32_t crc = 0;
  std::uint64_t compressed = 0;
  std::uint64_t size = 0;
  std::uint64_t local_offset = 0;  // central header only
  std::string_view name;
};

ByteReader reader_at(std::span<const std::uint8_t> bytes, std::uint64_t offset, const std::string& where) {
  ByteReader reader(bytes, where);
  reader.take(offset);
  return reader;
}

void expect_signature(ByteReader& reader, std::uint32_t signature, std::string_view what) {
  const std::size_t offset = reader.offset();
  if (reader.number<std::uint32_t>() != signature) fail("{}: byte {}: expected {}", reader.name(), offset, what);
}

// The end record is the last 22 bytes: an archive comment would be the only thing after it, and torch.save writes none.
Directory read_end_record(std::span<const std::uint8_t> bytes, const std::string& where) {
  check(bytes.size() >= end_record_bytes, "{}: expected a zip archive, found {} bytes", where, bytes.size());
  const std::uint64_t end_offset = bytes.size() - end_record_bytes;
  ByteReader reader = reader_at(bytes, end_offset, where);
  expect_signature(reader, 0x06054b50, "the end of a zip archive (is the file whole?)");
  const auto disk = reader.number<std::uint16_t>(), directory_disk = reader.number<std::uint16_t>();
  const auto entries_here = reader.number<std::uint16_t>();
  const auto entries = reader.number<std::uint16_t>();
  const auto directory_bytes = reader.number<std::uint32_t>();
  const auto directory_offset = reader.number<std::uint32_t>();
  const auto comment = reader.number<std::uint16_t>();
  check(disk == 0 && directory_disk == 0 && entries_here == entries, "{}: zip archives of several disks are not supported", where);
  check(comment == 0, "{}: expected no zip comment, found {} bytes", where, comment);
  Directory directory{entries, directory_bytes, directory_offset};

  std::uint64_t directory_end = end_offset;
  if (end_offset >= locator_bytes + zip64_end_record_bytes) {
    ByteReader locator = reader_at(bytes, end_offset - locator_bytes, where);
    if (locator.number<std::uint32_t>() == 0x07064b50) {
      locator.take(4);  // disk
      const auto zip64_offset = locator.number<std::uint64_t>();
      check(zip64_offset == end_offset - locator_bytes - zip64_end_record_bytes,
            "{}: expected the zip64 end record right before its locator, found offset {}", where, zip64_offset);
      ByteReader zip64 = reader_at(bytes, zip64_offset, where);
      expect_signature(zip64, 0x06064b50, "a zip64 end record");
      zip64.take(28);  // record size, versions, disks, entries on this disk
      const Directory wide{zip64.number<std::uint64_t>(), zip64.number<std::uint64_t>(), zip64.number<std::uint64_t>()};
      const bool agree = (entries == 0xffff || entries == wide.entries) &&
                         (directory_bytes == in_zip64 || directory_bytes == wide.bytes) &&
                         (directory_offset == in_zip64 || directory_offset == wide.offset);
      check(agree, "{}: the zip and zip64 end records disagree", where);
      directory = wide;
      directory_end = zip64_offset;
    }
  }
  check(directory.offset <= directory_end && directory.bytes == directory_end - directory.offset,
        "{}: expected the zip directory to end at byte {}, found offset {} and {} bytes", where, directory_end, directory.offset,
        directory.bytes);
  check(directory.entries <= directory.bytes / central_header_bytes, "{}: {} zip entries do not fit a directory of {} bytes", where,
        directory.entries, directory.bytes);
  return directory;
}

// Replaces the fields that say so by those of the zip64 extra field.
void apply_zip64(std::span<const std::uint8_t> extra, const std::string& where, Header& header) {
  if (header.size != in_zip64 && header.compressed != in_zip64 && header.local_offset != in_zip64) return;
  ByteReader reader(extra, where + ": extra field of " + quote(header.name));
  while (reader.left() > 0) {
    const auto tag = reader.number<std::uint16_t>();
    const auto length = reader.number<std::uint16_t>();
    ByteReader field(reader.take(length), reader.name());
    if (tag != 1) continue;
    for (std::uint64_t* value : {&header.size, &header.compressed, &header.local_offset})
      if (*value == in_zip64) *value = field.number<std::uint64_t>();
    return;
  }
  fail("{}: expected zip64 sizes, found none", reader.name());
}

Header read_central_header(ByteReader& reader) {
  expect_signature(reader, 0x02014b50, "a zip directory entry");
  Header header;
  reader.take(4);  // versions
  header.flags = reader.number<std::uint16_t>();
  header.method = reader.number<std::uint16_t>();
  reader.take(4);  // time and date
  header.crc = reader.number<std::uint32_t>();
  header.compressed = reader.number<std::uint32_t>();
  header.size = reader.number<std::uint32_t>();
  const auto name_length = reader.number<std::uint16_t>();
  const auto extra_length = reader.number<std::uint16_t>();
  const auto comment_length = reader.number<std::uint16_t>();
  reader.take(8);  // disk, attributes
  header.local_offset = reader.number<std::uint32_t>();
  header.name = reader.text(name_length);
  apply_zip64(reader.take(extra_length), reader.name(), header);
  reader.take(comment_length);
  return header;
}

void check_supported(const Header& header, const std::string& where) {
  if (header.flags & encrypted) fail("{}: zip entry {} is encrypted", where, quote(header.name));
  if (header.flags & ~unsigned{sizes_follow_data | utf8_name})
    fail("{}: zip entry {}: unsupported flags {:#x}", where, quote(header.name), header.flags);
  if (header.method == 0 && header.compressed != header.size)
    fail("{}: zip entry {}: stored, but of {} and {} bytes", where, quote(header.name), header.compressed, header.size);
}

// Checks the local header against the central one, and finds the entry's bytes, which end before the directory.
ZipEntry locate(std::span<const std::uint8_t> before_directory, const Header& central, const std::string& where) {
  ByteReader reader = reader_at(before_directory, central.local_offset, where + ": zip entry " + quote(central.name));
  expect_signature(reader, 0x04034b50, "a local zip header");
  reader.take(2);  // version
  const unsigned flags = reader.number<std::uint16_t>(), method = reader.number<std::uint16_t>();
  reader.take(4);  // time and date
  const auto crc = reader.number<std::uint32_t>(), compressed = reader.number<std::uint32_t>(),
             size = reader.number<std::uint32_t>();
  const auto name_length = reader.number<std::uint16_t>();
  const auto extra_length = reader.number<std::uint16_t>();
  const std::string_view name = reader.text(name_length);
  reader.take(extra_length);
  const auto agrees = [&](std::uint32_t local, std::uint64_t directory) {
    return local == directory || local == in_zip64 || (local == 0 && (flags & sizes_follow_data));
  };
  if (name != central.name || flags != central.flags || method != central.method || !agrees(size, central.size) ||
      !agrees(compressed, central.compressed) || !(crc == central.crc || (crc == 0 && (flags & sizes_follow_data))))
    fail("{}: the local header and the directory disagree", reader.name());
  return {central.name, reader.take(central.compressed), central.method, central.crc, central.local_offset};
}

}  // namespace

ZipArchive::ZipArchive(std::span<const std::uint8_t> bytes, std::string name) : name_(std::move(name)) {
  const Directory directory = read_end_record(bytes, name_);
  const auto before_directory = bytes.first(directory.offset);
  ByteReader reader(bytes.subspan(directory.offset, directory.bytes), name_ + ": zip directory");
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    const Header header = read_central_header(reader);
    check_supported(header, name_);
    entries_.push_back(locate(before_directory, header, name_));
  }
  check(reader.left() == 0, "{}: expected {} zip entries, found {} more bytes", name_, directory.entries, reader.left());

  std::ranges::sort(entries_, {}, &ZipEntry::local_offset);
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const ZipEntry& before = entries_[i - 1];
    if (static_cast<std::uint64_t>(before.bytes.data() + before.bytes.size() - bytes.data()) > entries_[i].local_offset)
      fail("{}: zip entries {} and {} overlap", name_, quote(before.name), quote(entries_[i].name));
  }
  std::ranges::sort(entries_, {}, &ZipEntry::name);
  const auto twin = std::ranges::adjacent_find(entries_, {}, &ZipEntry::name);
  if (twin != entries_.end()) fail("{}: two zip entries are called {}", name_, quote(twin->name));
}

const ZipEntry* ZipArchive::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(entries_, name, {}, &ZipEntry::name);
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

void ZipArchive::verify(std::span<const ZipEntry* const> entries) const {
  parallel_for(static_cast<std::int64_t>(entries.size()), available_threads(), [&](std::int64_t begin, std::int64_t end) {
    for (const ZipEntry* entry : entries.subspan(begin, end - begin)) {
      if (entry->method != 0)
        fail("{}: zip entry {}: expected stored bytes, found compression method {}", name_, quote(entry->name), entry->method);
      const auto crc = static_cast<std::uint32_t>(::crc32_z(0, entry->bytes.data(), entry->bytes.size()));
      if (crc != entry->crc)
        fail("{}: zip entry {}: expected CRC-32 {:08x}, found {:08x}", name_, quote(entry->name), entry->crc, crc);
    }
  });
}

}  // namespace omma
