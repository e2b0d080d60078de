// The minimal build has no libarchive, and so no tar shards.
#include "omma/base/error.h"
#include "omma/io/tar_shard.h"

namespace omma {

struct TarShardWriter::State {};

ShardIndex index_shard(std::span<const std::uint8_t>, const TarLimits&) { fail("tar shards: this build has none (OMMA_MINIMAL)"); }

TarShardWriter::TarShardWriter(std::filesystem::path) { index_shard({}, {}); }
TarShardWriter::~TarShardWriter() = default;
TarShardWriter::TarShardWriter(TarShardWriter&&) noexcept = default;

void TarShardWriter::append(std::string_view, std::span<const ShardFile>) {}
void TarShardWriter::finish() {}

}  // namespace omma
