#include "omma/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include "omma/base/error.h"
#include "omma/base/output_paths.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

struct Descriptor {
  int fd;
  explicit Descriptor(int opened) : fd(opened) {}
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

std::string reason() { return std::strerror(errno); }

// Opens a regular file for reading and tells its size.
std::pair<Descriptor, std::size_t> open_regular(const fs::path& file) {
  Descriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  check(descriptor.fd >= 0, "{}: {}", file.string(), reason());
  struct stat info{};
  if (::fstat(descriptor.fd, &info) != 0) fail_runtime("{}: {}", file.string(), reason());
  check(S_ISREG(info.st_mode), "{}: expected a regular file", file.string());
  return {std::move(descriptor), static_cast<std::size_t>(info.st_size)};
}

// Whether `path` still is the file that is open.
bool is_file_at(int descriptor, const fs::path& path) {
  struct stat opened{}, named{};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

// A device or a pipe takes bytes as they come and is never replaced; nor is what /dev calls this process' own files.
bool is_stream(const fs::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return false;
  const std::string name = file.string();
  return (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) || name.starts_with("/dev/fd/") || name.starts_with("/dev/std");
}

void write_all(Descriptor descriptor, std::string_view contents, const fs::path& file) {
  if (descriptor.fd < 0) fail_runtime("{}: cannot write: {}", file.string(), reason());
  while (!contents.empty()) {
    const ssize_t put = ::write(descriptor.fd, contents.data(), contents.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail_runtime("{}: cannot write: {}", file.string(), reason());
    contents.remove_prefix(static_cast<std::size_t>(put));
  }
}

void flush(const fs::path& path, int flags) {
  Descriptor descriptor{::open(path.c_str(), flags | O_CLOEXEC)};
  if (descriptor.fd < 0 || ::fsync(descriptor.fd) != 0) fail_runtime("{}: cannot flush: {}", path.string(), reason());
}

}  // namespace

std::string read_file(const fs::path& file, std::size_t max_bytes) {
  const auto [descriptor, size] = open_regular(file);
  check(size <= max_bytes, "{}: {} bytes are over the limit of {}", file.string(), size, max_bytes);
  std::string contents(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(descriptor.fd, contents.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_runtime("{}: {}", file.string(), reason());
    if (got == 0) break;  // the file shrank meanwhile
    done += static_cast<std::size_t>(got);
  }
  contents.resize(done);
  return contents;
}

fs::path partial_of(const fs::path& file) {
  constexpr std::size_t longest_name = 255;
  const std::string suffix = fmt::format(".{}.partial", ::getpid());
  return file.parent_path() / (file.filename().string().substr(0, longest_name - suffix.size()) + suffix);
}

void publish_file(const fs::path& partial, const fs::path& file) {
  flush(partial, O_WRONLY);
  if (::rename(partial.c_str(), file.c_str()) != 0) fail_runtime("{}: cannot rename: {}", file.string(), reason());
  flush(file.has_parent_path() ? file.parent_path() : fs::path("."), O_RDONLY | O_DIRECTORY);
}

void write_file(const fs::path& file, const std::function<void(const fs::path&)>& writer) {
  const fs::path target = follow_links(file), partial = partial_of(target);
  try {
    writer(partial);
    publish_file(partial, target);
  } catch (...) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    throw;
  }
}

void write_file(const fs::path& file, std::string_view contents) {
  if (is_stream(file)) return write_all(Descriptor(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)), contents, file);
  write_file(file, [&](const fs::path& partial) {
    write_all(Descriptor(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)), contents, file);
  });
}

MappedFile::MappedFile(const fs::path& file) {
  const auto [descriptor, size] = open_regular(file);
  if (size == 0) return;
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor.fd, 0);
  if (data == MAP_FAILED) fail_runtime("{}: cannot map: {}", file.string(), reason());
  data_ = static_cast<const std::uint8_t*>(data);
  size_ = size;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

StableFile::StableFile(fs::path file) : path_(std::move(file)), stamp_(stamp_of(open_regular(path_).first.fd)) {}

StableFile::Stamp StableFile::stamp_of(int descriptor) {
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) fail_runtime("cannot read a file's status: {}", reason());
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size), info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

void StableFile::check_unchanged(int descriptor) const {
  if (stamp_of(descriptor) != stamp_) fail("{}: the file has changed since it was opened", path_.string());
}

std::vector<std::uint8_t> StableFile::read(std::uint64_t offset, std::uint64_t size) const {
  const auto [descriptor, file_size] = open_regular(path_);
  check_unchanged(descriptor.fd);
  check(offset <= file_size && size <= file_size - offset, "{}: expected {} bytes from byte {}, the file has {}", path_.string(),
        size, offset, file_size);
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::pread(descriptor.fd, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_runtime("{}: {}", path_.string(), reason());
    check(got > 0, "{}: the file became shorter while it was read", path_.string());
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

MappedFile StableFile::map() const {
  check_unchanged(open_regular(path_).first.fd);
  return MappedFile(path_);
}

DirectoryLock::DirectoryLock(const fs::path& directory, std::string_view part)
    : file_(directory / (part.empty() ? ".lock" : fmt::format(".lock-{}", part))) {
  while (descriptor_ < 0) {
    Descriptor descriptor{::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (descriptor.fd < 0) fail_runtime("{}: {}", file_.string(), reason());
    if (::flock(descriptor.fd, LOCK_EX | LOCK_NB) != 0) {  // the kernel frees it when its owner dies: no stale locks
      char owner[32] = {};
      const ssize_t length = ::read(descriptor.fd, owner, sizeof owner - 1);
      fail("{}{}{}: in use by process {}", directory.string(), part.empty() ? "" : ", ", part, length > 0 ? owner : "unknown");
    }
    // Its owner may have removed the file between our opening and locking it: such a lock would keep nobody out.
    if (!is_file_at(descriptor.fd, file_)) continue;
    const std::string owner = std::to_string(::getpid());
    if (::ftruncate(descriptor.fd, 0) != 0 || ::pwrite(descriptor.fd, owner.data(), owner.size(), 0) < 0) {
      const std::string why = reason();
      ::unlink(file_.c_str());
      fail_runtime("{}: {}", file_.string(), why);
    }
    descriptor_ = std::exchange(descriptor.fd, -1);
  }
}

DirectoryLock::~DirectoryLock() {
  ::unlink(file_.c_str());  // while it is locked: whoever makes it anew has the directory
  ::close(descriptor_);
}

std::string lower_extension(const fs::path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

fs::path path_inside(const fs::path& directory, std::string_view name) {
  check(!name.empty() && name.find('\0') == std::string_view::npos, "{}: expected a file name, got \"{}\"", directory.string(),
        name);
  const auto is_inside = [](const fs::path& relative) { return !relative.empty() && *relative.begin() != ".."; };
  fs::path inside = fs::path(name).lexically_normal();
  if (inside.is_absolute()) {
    const fs::path absolute = inside;
    inside = absolute.lexically_relative(fs::absolute(directory).lexically_normal());
    if (!is_inside(inside)) inside = absolute.lexically_relative(fs::weakly_canonical(directory));  // it was reached by a link
  }
  check(is_inside(inside) && inside.is_relative(), "{}: \"{}\" leads out of the directory", directory.string(), name);
  return directory / inside;
}

}  // namespace omma
