// Caption data in pieces, for jobs that take one at a time and would not hold a million shards' texts in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/caption_dataset.h"

namespace omma {

// The samples [begin, end) of a data set.
struct CaptionShard {
  std::shared_ptr<const CaptionDataset> dataset;
  std::size_t begin = 0, end = 0;
  DatasetReport report = {};  // of what was left out here
  bool named = false;         // the samples' keys name a shard's members; else they are files' names

  std::size_t size() const { return end - begin; }

  // A name for the sample in a shard, its own in all of the data.
  std::string member_key(std::size_t index) const;
};

// Const access is thread-safe.
class CaptionShards {
 public:
  // `spec` and `split` as open_caption_dataset has them, and what it throws. Each tar of a webdataset is a shard, read when it is
  // opened, faulty or not; of the other kinds so many samples are one.
  CaptionShards(std::string_view spec, std::string_view split, std::size_t samples_per_shard,
                const CaptionDatasetOptions& options = {});

  std::size_t size() const { return names_.size(); }

  // What each is made of, in words that change where that does: "web-000003.tar, 81920 bytes", "samples 3000 to 3999 of 12345".
  const std::vector<std::string>& names() const { return names_; }

  // How large it is beside the others, before it is opened: bytes or samples.
  std::uint64_t weight(std::size_t shard) const { return weights_.at(shard); }

  CaptionShard open(std::size_t shard) const;

 private:
  std::vector<std::filesystem::path> files_;  // of a webdataset
  std::shared_ptr<const CaptionDataset> dataset_;
  std::size_t samples_per_shard_;
  CaptionDatasetOptions options_;
  std::vector<std::string> names_;
  std::vector<std::uint64_t> weights_;
};

}  // namespace omma
