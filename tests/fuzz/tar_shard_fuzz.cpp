// Tar shards: whatever the bytes, samples whose members lie within them, keys and extensions that lead nowhere, or a fault told.
// Every input is also read with the checksums of its headers made right, which would otherwise keep the fuzzer from them.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "omma/io/tar_shard.h"
#include "omma/text/utf8.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

void read(std::span<const std::uint8_t> bytes) {
  const omma::ShardIndex index = omma::index_shard(bytes, {.members = 1000, .name_bytes = 100, .member_bytes = 1 << 16});
  std::set<std::string> keys;
  for (const omma::ShardSample& sample : index.samples) {
    require(keys.insert(sample.key).second && !sample.key.empty() && sample.key.front() != '/');
    require(omma::is_valid_utf8(sample.key) && sample.key.size() <= 100 &&
            ("/" + sample.key + "/").find("/../") == std::string::npos);
    require(!sample.members.empty());
    for (const omma::ShardMember& member : sample.members) {
      require(!member.extension.empty() && sample.find(member.extension) == &member);
      require(member.size <= 1 << 16 && member.offset <= bytes.size() && member.size <= bytes.size() - member.offset);
    }
  }
  for (const omma::ShardIssue& issue : index.issues) require(!issue.message.empty());
}

// Of each block that has the magic of a header.
std::vector<std::uint8_t> with_checksums(std::vector<std::uint8_t> bytes) {
  constexpr std::size_t block = 512, magic = 257, checksum = 148, digits = 8;
  for (std::size_t at = 0; at + block <= bytes.size(); at += block) {
    std::uint8_t* header = bytes.data() + at;
    if (std::memcmp(header + magic, "ustar", 5) != 0) continue;
    std::memset(header + checksum, ' ', digits);
    std::snprintf(reinterpret_cast<char*>(header + checksum), digits, "%06o", std::accumulate(header, header + block, 0U));
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read({data, size});
  read(with_checksums({data, data + size}));
  return 0;
}
