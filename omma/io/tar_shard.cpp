#include "omma/io/tar_shard.h"

#include <algorithm>

namespace omma {

const ShardMember* ShardSample::find(std::string_view extension) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const ShardMember& member) { return member.extension == extension; });
  return found == members.end() ? nullptr : &*found;
}

}  // namespace omma
