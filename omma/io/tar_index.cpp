#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <functional>
#include <new>
#include <optional>
#include <unordered_map>

#include "omma/base/error.h"
#include "omma/io/quote.h"
#include "omma/io/tar_name.h"
#include "omma/io/tar_shard.h"

namespace omma {
namespace {

using Bytes = std::span<const std::uint8_t>;
using ArchiveReader = std::unique_ptr<archive, decltype(&archive_read_free)>;

constexpr std::size_t tar_block = 512;

// libarchive over bytes in memory: it hands out each member's bytes where they lie, so that finding them reads headers only.
ArchiveReader open_tar(Bytes bytes) {
  ArchiveReader reader(archive_read_new(), &archive_read_free);
  if (reader == nullptr) throw std::bad_alloc();
  archive_read_support_format_tar(reader.get());
  archive_read_open_memory(reader.get(), bytes.data(), bytes.size());  // what is wrong is told with the first header
  return reader;
}

// Joins members to samples.
class SampleCollector {
 public:
  void add(std::string key, ShardMember member) {
    if (current_.members.empty() || key != current_.key) {
      close();
      current_.key = std::move(key);
      if (const auto earlier = seen_.find(current_.key); earlier != seen_.end()) repeat(earlier->second, member);
    }
    if (current_.find(member.extension) != nullptr)
      drop(ShardFault::duplicate_key, fmt::format("two members .{}: which belongs to the others?", member.extension));
    current_.members.push_back(std::move(member));
  }

  void add_issue(ShardFault fault, std::string_view sample, std::string message) {
    index_.issues.push_back({fault, std::string(sample.substr(0, longest_shown)), std::move(message)});
  }

  ShardIndex finish() {
    close();
    return std::move(index_);
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr std::size_t longest_shown = 200;

  // The key stood before, for the sample of this number or one that was dropped.
  void repeat(std::size_t earlier, const ShardMember& member) {
    const bool more_of_it = earlier != none && index_.samples[earlier].find(member.extension) == nullptr;
    if (more_of_it)
      drop(ShardFault::interleaved_key, "a sample's members must stand together, these come after another sample");
    else
      drop(ShardFault::duplicate_key, "a second sample of this key");
  }

  void drop(ShardFault fault, std::string message) {
    if (!dropped_) add_issue(fault, current_.key, std::move(message));
    dropped_ = true;
  }

  void close() {
    if (!current_.members.empty()) {
      seen_.try_emplace(current_.key, dropped_ ? none : index_.samples.size());
      if (!dropped_) index_.samples.push_back(std::move(current_));
    }
    current_ = {};
    dropped_ = false;
  }

  ShardIndex index_;
  ShardSample current_;
  bool dropped_ = false;                               // the current sample is left out
  std::unordered_map<std::string, std::size_t> seen_;  // key to place in index_.samples, or none
};

class ShardIndexer {
 public:
  ShardIndexer(Bytes bytes, const TarLimits& limits) : bytes_(bytes), limits_(limits), reader_(open_tar(bytes)) {}

  ShardIndex run() {
    if (bytes_.empty()) end("the file is empty");
    for (std::size_t members = 0; !ended_; ++members) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_EOF)
        end(fault_of_end());
      else if (status != ARCHIVE_OK && status != ARCHIVE_WARN)  // a warning: the locale cannot write a name; its bytes are there
        end(fmt::format("byte {}: {}", header_position(), archive_error()));
      else if (members == limits_.members)
        end(fmt::format("more than {} members", limits_.members));
      else
        add_member(entry);
    }
    return samples_.finish();
  }

 private:
  void add_member(archive_entry* entry) {
    const char* pathname = archive_entry_pathname(entry);
    const std::string_view name = pathname == nullptr ? "" : pathname;
    const std::optional<Bytes> data = data_of(entry, name);
    if (ended_ || archive_entry_filetype(entry) == AE_IFDIR) return;
    MemberName parsed = parse_member_name(name, limits_.name_bytes);
    if (parsed.refusal.empty()) parsed.refusal = refusal_of(entry, data);
    if (!parsed.refusal.empty()) return samples_.add_issue(ShardFault::refused_member, name, std::move(parsed.refusal));
    const auto offset = data->empty() ? 0 : static_cast<std::uint64_t>(data->data() - bytes_.data());
    samples_.add(std::move(parsed.key), {.extension = std::move(parsed.extension), .offset = offset, .size = data->size()});
  }

  // Nothing where they do not lie in the shard in one piece, as a sparse file's.
  std::optional<Bytes> data_of(archive_entry* entry, std::string_view name) {
    const auto expected = static_cast<std::uint64_t>(archive_entry_size(entry));
    if (expected == 0) return Bytes();
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(reader_.get(), &data, &size, &offset);
    if (status < 0) end(fmt::format("member {}: {}", quote(name), archive_error()));
    const auto* begin = static_cast<const std::uint8_t*>(data);
    const auto* shard_end = bytes_.data() + bytes_.size();
    const bool inside = begin != nullptr && !std::less<>()(begin, bytes_.data()) && !std::less<>()(shard_end, begin + size);
    if (inside && begin + size == shard_end && size < expected)
      end(fmt::format("cut short: member {} of {} bytes has {}", quote(name), expected, size));
    if (!inside || offset != 0 || size != expected) return std::nullopt;
    return Bytes(begin, size);
  }

  std::string refusal_of(archive_entry* entry, const std::optional<Bytes>& data) const {
    if (archive_entry_hardlink(entry) != nullptr || archive_entry_filetype(entry) != AE_IFREG)
      return "expected a regular file, got a link or a device";
    if (!data || archive_entry_sparse_count(entry) > 0) return "sparse files are not supported";
    if (data->size() <= limits_.member_bytes) return "";
    return fmt::format("{} bytes are over the limit of {}", data->size(), limits_.member_bytes);
  }

  // libarchive stops at the first block of zeros, and is content where there is none.
  std::string fault_of_end() const {
    const auto all_zero = [](Bytes bytes) { return std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; }); };
    const auto position = std::min(bytes_.size(), static_cast<std::size_t>(archive_filter_bytes(reader_.get(), 0)));
    if (!all_zero(bytes_.subspan(position))) return fmt::format("zero blocks at byte {}, and more after them", position);
    return bytes_.size() >= tar_block && all_zero(bytes_.last(tar_block)) ? "" : "cut short: no end mark";
  }

  // Negative before the first header.
  la_int64_t header_position() const { return std::max(la_int64_t{0}, archive_read_header_position(reader_.get())); }

  std::string archive_error() const {
    const char* text = archive_error_string(reader_.get());
    return text == nullptr ? "unreadable" : text;
  }

  // Nothing is read from here on; a fault is told unless it is "".
  void end(std::string fault) {
    if (!ended_ && !fault.empty()) samples_.add_issue(ShardFault::broken, "", std::move(fault));
    ended_ = true;
  }

  Bytes bytes_;
  TarLimits limits_;
  ArchiveReader reader_;
  SampleCollector samples_;
  bool ended_ = false;
};

}  // namespace

ShardIndex index_shard(Bytes bytes, const TarLimits& limits) { return ShardIndexer(bytes, limits).run(); }

}  // namespace omma
