#include "omma/io/gzip_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "omma/base/error.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

// A file for reading and writing that has no name.
int open_temporary() {
  const char* given = std::getenv("TMPDIR");
  const std::string folder = given != nullptr && *given != '\0' ? given : "/tmp";
  std::string name = folder + "/omma-XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) fail_runtime("{}: a temporary file for a gzip shard: {}", folder, std::strerror(errno));
  ::unlink(name.c_str());
  return descriptor;
}

void write_all(int descriptor, const unsigned char* bytes, std::size_t size, const fs::path& gzip) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_runtime("{}: cannot inflate it to a temporary file (TMPDIR): {}", gzip.string(), std::strerror(errno));
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
}

}  // namespace

bool is_gzip(const fs::path& file) {
  std::array<char, 2> magic{};
  std::ifstream(file, std::ios::binary).read(magic.data(), magic.size());
  return magic[0] == '\x1F' && magic[1] == '\x8B';
}

InflatedFile::InflatedFile(const fs::path& gzip, std::uint64_t max_bytes) : descriptor_(open_temporary()) {
  try {
    fault_ = inflate(gzip, max_bytes);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

InflatedFile::~InflatedFile() { ::close(descriptor_); }

fs::path InflatedFile::path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

std::string InflatedFile::inflate(const fs::path& gzip, std::uint64_t max_bytes) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> reader(gzopen(gzip.c_str(), "rb"), &gzclose);
  check(reader != nullptr, "{}: {}", gzip.string(), std::strerror(errno));
  constexpr unsigned piece = 1 << 20;
  gzbuffer(reader.get(), piece / 4);
  std::vector<unsigned char> bytes(piece);
  for (std::uint64_t done = 0;;) {
    const int got = gzread(reader.get(), bytes.data(), piece);
    int status = Z_OK;
    const char* message = gzerror(reader.get(), &status);
    if (got <= 0) return status == Z_OK || status == Z_STREAM_END ? "" : fmt::format("gzip: {}", message);
    if (max_bytes - done < static_cast<unsigned>(got))
      return fmt::format("gzip: it inflates beyond the limit of {} bytes", max_bytes);
    write_all(descriptor_, bytes.data(), static_cast<std::size_t>(got), gzip);
    done += static_cast<unsigned>(got);
  }
}

}  // namespace omma
