// Bytes by their place: of a file or of memory. Not part of the interface: see video_file.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// Const access is thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::int64_t size() const = 0;
  // How many of `to` were filled; 0 from the end on, below 0 where they cannot be read.
  virtual std::int64_t read(std::int64_t offset, std::span<std::uint8_t> to) const = 0;
};

// Read and not mapped, so that a large file takes no memory. Throws std::invalid_argument for what is no regular file.
std::unique_ptr<ByteSource> file_source(const std::filesystem::path& file);
std::unique_ptr<ByteSource> memory_source(std::span<const std::uint8_t> bytes);  // which must outlive it

// The first `count`, or all where there are fewer. Throws std::runtime_error, beginning with `name`, where they cannot be read.
std::vector<std::uint8_t> first_bytes(const ByteSource& source, std::int64_t count, std::string_view name);

}  // namespace omma
