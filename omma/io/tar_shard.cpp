#include "omma/io/tar_shard.h"

#include <algorithm>

#include "omma/io/gzip_file.h"

namespace omma {

const ShardMember* ShardSample::find(std::string_view extension) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const ShardMember& member) { return member.extension == extension; });
  return found == members.end() ? nullptr : &*found;
}

TarShard::TarShard(std::filesystem::path file, const TarLimits& limits)
    : path_(std::move(file)),
      limits_(limits),
      inflated_(is_gzip(path_) ? std::make_shared<const InflatedFile>(path_, limits.inflated_bytes) : nullptr),
      contents_(inflated_ ? inflated_->path() : path_) {}

ShardIndex TarShard::index() const {
  ShardIndex index = index_shard(contents_.map().bytes(), limits_);
  if (inflated_ && !inflated_->fault().empty()) {  // why the tar ends early, which it need not tell, too
    std::erase_if(index.issues, [](const ShardIssue& issue) { return issue.fault == ShardFault::broken; });
    index.issues.push_back({ShardFault::broken, "", inflated_->fault()});
  }
  return index;
}

}  // namespace omma
