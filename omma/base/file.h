// Files: whole reads with a cap, mappings, and writes that are never half there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// The whole file. Throws std::invalid_argument where it is missing, a directory or larger than `max_bytes`; std::runtime_error
// where reading fails.
std::string read_file(const std::filesystem::path& file, std::size_t max_bytes = std::size_t{1} << 32);

// Writes beside `file`, flushes to disk and renames over it: after a crash at any moment the old or the new contents are there,
// whole. Throws std::runtime_error (and leaves the old file) where the disk refuses.
void write_file(const std::filesystem::path& file, std::string_view contents);

// The same for a writer that produces the file piece by piece into the path it is given.
void write_file(const std::filesystem::path& file, const std::function<void(const std::filesystem::path&)>& writer);

// The first and the last step of that, for a file that is written over a long time: the name beside `file`, and flushing it to disk
// and renaming it.
std::filesystem::path partial_of(const std::filesystem::path& file);
void publish_file(const std::filesystem::path& partial, const std::filesystem::path& file);

// A memory mapping of a regular file, which nothing here changes; who writes to it all the same, a tensor's in-place operator,
// changes this process' copy of the page alone. Empty files map to an empty span. Movable, not copyable; const access is
// thread-safe. Throws as read_file does.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// A regular file that is opened anew for each read, so that a million of them cost no descriptors and no mappings. Const access is
// thread-safe. Throws std::invalid_argument where the file is missing or is no longer the one that it was when this was made.
class StableFile {
 public:
  explicit StableFile(std::filesystem::path file);

  const std::filesystem::path& path() const { return path_; }
  std::vector<std::uint8_t> read(std::uint64_t offset, std::uint64_t size) const;
  MappedFile map() const;

 private:
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;  // of the last change of its contents
    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp_of(int descriptor);
  void check_unchanged(int descriptor) const;

  std::filesystem::path path_;
  Stamp stamp_;
};

// Holds `directory`/.lock for its lifetime, so that two jobs never write one directory, and removes it at the end; with a `part`,
// .lock-PART, where several jobs share the directory. A lock whose owner is gone is taken over. Throws std::invalid_argument naming
// the owner's process id where another job holds it.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& directory, std::string_view part = "");
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

// How a file's name ends, in lower case: ".jpg" of A.JPG.
std::string lower_extension(const std::filesystem::path& file);

// What `name`, read from a file, means in `directory`; std::invalid_argument where its words lead out of it. Links are followed.
std::filesystem::path path_inside(const std::filesystem::path& directory, std::string_view name);

}  // namespace omma
