#include "omma/data/caption_shards.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/data/caption_readers.h"

namespace omma {
namespace {

constexpr std::string_view webdataset = "webdataset:";

}  // namespace

std::string CaptionShard::member_key(std::size_t index) const {
  return named ? dataset->sample(index).key : fmt::format("{:09}", index);
}

CaptionShards::CaptionShards(std::string_view spec, std::string_view split, std::size_t samples_per_shard,
                             const CaptionDatasetOptions& options)
    : samples_per_shard_(samples_per_shard), options_(options) {
  check(samples_per_shard >= 1, "samples per shard: expected at least 1, got {}", samples_per_shard);
  if (spec.starts_with(webdataset)) {
    options_.max_fault_share = 1;  // of all shards together it is the job's to judge
    files_ = find_webdataset_shards(spec.substr(webdataset.size()), split);
    for (const std::filesystem::path& file : files_) {
      std::error_code missing;
      const std::uintmax_t bytes = std::filesystem::file_size(file, missing);
      weights_.push_back(missing ? 0 : bytes);
      names_.push_back(missing ? file.filename().string() + ", missing"
                               : fmt::format("{}, {} bytes", file.filename().string(), bytes));
    }
    return;
  }
  dataset_ = open_caption_dataset(spec, split, options);
  for (std::size_t begin = 0; begin < dataset_->size(); begin += samples_per_shard) {
    const std::size_t end = std::min(dataset_->size(), begin + samples_per_shard);
    weights_.push_back(end - begin);
    names_.push_back(fmt::format("samples {} to {} of {}", begin, end - 1, dataset_->size()));
  }
}

CaptionShard CaptionShards::open(std::size_t shard) const {
  check(shard < size(), "shard: expected less than {}, got {}", size(), shard);
  if (dataset_ != nullptr) {
    const std::size_t begin = shard * samples_per_shard_, end = std::min(dataset_->size(), begin + samples_per_shard_);
    return {.dataset = dataset_, .begin = begin, .end = end, .report = shard == 0 ? dataset_->report() : DatasetReport()};
  }
  const std::shared_ptr<const CaptionDataset> dataset = open_webdataset({files_[shard]}, files_[shard].string(), options_);
  return {.dataset = dataset, .begin = 0, .end = dataset->size(), .report = dataset->report(), .named = true};
}

}  // namespace omma
