// Tar shards of samples, as WebDataset has them: members whose names agree up to the first dot after the last slash, one after the
// other, are one sample. `cats/0001.jpg` and `cats/0001.txt` are sample `cats/0001` with `jpg` and `txt`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/file.h"

namespace omma {

class InflatedFile;

struct TarLimits {
  std::size_t members = 10'000'000;
  std::size_t name_bytes = 1024;
  std::uint64_t member_bytes = std::uint64_t{256} << 20;
  std::uint64_t inflated_bytes = std::uint64_t{16} << 30;  // of a gzip shard
};

struct ShardMember {
  std::string extension;     // what follows the key and a dot, in lower case: "jpg", "seg.png"
  std::uint64_t offset = 0;  // of its bytes in the shard
  std::uint64_t size = 0;
};

struct ShardSample {
  std::string key;
  std::vector<ShardMember> members;  // in the shard's order, no extension twice

  const ShardMember* find(std::string_view extension) const;  // nullptr where absent
};

enum class ShardFault {
  refused_member,   // a link, device or sparse file; an absolute, `..`, overlong or non-UTF-8 name; over a limit: left out
  duplicate_key,    // a second sample of a key, left out; a sample with two members of one extension, left out whole
  interleaved_key,  // members of a sample after those of another: left out
  broken,           // no tar file, cut short, damaged, or zero blocks amid it, or so its gzip: what stands before is kept
};

struct ShardIssue {
  ShardFault fault;
  std::string sample;  // its key, or the member's name; "" for the shard
  std::string message;
};

struct ShardIndex {
  std::vector<ShardSample> samples;  // in the shard's order, no key twice
  std::vector<ShardIssue> issues;
};

// Reads ustar, pax and GNU tar by libarchive, headers only; never throws for what the bytes hold. Throws std::invalid_argument in
// a build without libarchive (OMMA_MINIMAL).
ShardIndex index_shard(std::span<const std::uint8_t> bytes, const TarLimits& limits = {});

// One shard on disk. A gzip file, whatever its name, is inflated once, to a temporary file without a name (see InflatedFile), as
// members are read in any order. Const access is thread-safe. Throws as StableFile and InflatedFile do.
class TarShard {
 public:
  explicit TarShard(std::filesystem::path file, const TarLimits& limits = {});

  const std::filesystem::path& path() const { return path_; }
  ShardIndex index() const;
  std::vector<std::uint8_t> read(const ShardMember& member) const { return contents_.read(member.offset, member.size); }

 private:
  std::filesystem::path path_;
  TarLimits limits_;
  std::shared_ptr<const InflatedFile> inflated_;  // null where the shard is no gzip file
  StableFile contents_;
};

struct ShardFile {
  std::string_view extension;
  std::span<const std::uint8_t> bytes;
};

// Writes a shard: the same samples give the same bytes (GNU tar; no owner, no time, mode 0644). It appears
// under its name whole, with finish(), or never. Not thread-safe. Throws std::invalid_argument for a key or extension that
// index_shard would refuse or read differently, and std::runtime_error where the disk refuses.
class TarShardWriter {
 public:
  explicit TarShardWriter(std::filesystem::path file);
  ~TarShardWriter();  // without finish(): leaves nothing
  TarShardWriter(TarShardWriter&&) noexcept;
  TarShardWriter& operator=(TarShardWriter&&) = delete;

  void append(std::string_view key, std::span<const ShardFile> files);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace omma
