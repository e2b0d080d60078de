#include "omma/io/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "omma/base/error.h"

namespace omma {
namespace {

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::int64_t size() const override { return std::ssize(bytes_); }
  std::int64_t read(std::int64_t offset, std::span<std::uint8_t> to) const override {
    const std::int64_t taken = std::clamp<std::int64_t>(size() - offset, 0, std::ssize(to));
    if (taken > 0) std::copy_n(bytes_.data() + offset, taken, to.data());
    return taken;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& file)
      : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {  // nobody may ever write into a pipe
    struct stat status{};
    const bool found = descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0;
    const std::string error = std::strerror(errno);
    size_ = status.st_size;
    if (found && S_ISREG(status.st_mode)) return;
    if (descriptor_ >= 0) ::close(descriptor_);
    fail("{}: {}", file.string(), found ? "expected a regular file" : error);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override { ::close(descriptor_); }

  std::int64_t size() const override { return size_; }
  std::int64_t read(std::int64_t offset, std::span<std::uint8_t> to) const override {
    const std::int64_t wanted = std::clamp<std::int64_t>(size_ - offset, 0, std::ssize(to));
    return ::pread(descriptor_, to.data(), static_cast<std::size_t>(wanted), offset);
  }

 private:
  int descriptor_;
  std::int64_t size_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> file_source(const std::filesystem::path& file) { return std::make_unique<FileSource>(file); }

std::unique_ptr<ByteSource> memory_source(std::span<const std::uint8_t> bytes) { return std::make_unique<MemorySource>(bytes); }

std::vector<std::uint8_t> first_bytes(const ByteSource& source, std::int64_t count, std::string_view name) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(std::min(count, source.size())));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::int64_t got = source.read(static_cast<std::int64_t>(done), std::span(bytes).subspan(done));
    if (got < 0) fail_runtime("{}: {}", name, std::strerror(errno));
    if (got == 0) break;  // the file shrank meanwhile
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace omma
