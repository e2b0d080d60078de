// Gzip files, for what has to be read from anywhere in them. Not part of the interface: see tar_shard.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace omma {

bool is_gzip(const std::filesystem::path& file);  // by its first bytes; false where it cannot be read

// What a gzip file inflates to, in a temporary file (in TMPDIR, else /tmp) that has no name: it is gone with this object, however
// the process ends. One open descriptor each. Const access is thread-safe. Throws std::runtime_error where the disk refuses.
class InflatedFile {
 public:
  InflatedFile(const std::filesystem::path& gzip, std::uint64_t max_bytes);
  ~InflatedFile();
  InflatedFile(const InflatedFile&) = delete;
  InflatedFile& operator=(const InflatedFile&) = delete;

  std::filesystem::path path() const;  // a name under which this process can open it
  // What is wrong with the gzip file: it is cut short, damaged, or inflates beyond the limit. What stands before is there. "" else.
  const std::string& fault() const { return fault_; }

 private:
  std::string inflate(const std::filesystem::path& gzip, std::uint64_t max_bytes);

  int descriptor_;
  std::string fault_;
};

}  // namespace omma
