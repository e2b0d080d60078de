// The pictures of a job that may be given more of them later. Not part of the interface.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "omma/jobs/shard_job.h"

namespace omma {

struct ListedPicture {
  std::filesystem::path file;
  std::string name;  // of its results, see result_names()
};

struct PictureListOptions {
  std::filesystem::path folder;            // the job's
  std::size_t shard_size = 1;              // pictures
  bool accepts_new = false;                // pictures that the job does not have yet
  std::set<std::string> may_be_gone = {};  // those on record that need not be given: nothing is made of them any more
  JobRank rank = {};
};

// Each picture keeps its place, its results' name and its shard whatever comes later: they are on record in pictures-000000.jsonl,
// and pictures that came later, behind them, in pictures-000001.jsonl and so on. A picture named twice is one.
class PictureList {
 public:
  // Throws std::invalid_argument for no pictures, and where they are others than those on record, naming the difference.
  PictureList(std::span<const std::filesystem::path> pictures, const PictureListOptions& options);

  struct Shard {
    std::size_t begin = 0, end = 0;
  };
  const std::vector<ListedPicture>& pictures() const { return pictures_; }
  const std::vector<Shard>& shards() const { return shards_; }

  // What each shard is made of, as ShardJob takes it.
  std::vector<std::string> shard_inputs() const;

 private:
  class Given;
  std::filesystem::path part_file() const;
  void read_part(const Given& given, const PictureListOptions& options);
  void expect_known(const std::vector<std::filesystem::path>& added, bool accepts_new) const;
  std::string part_of(const std::vector<std::filesystem::path>& added) const;

  std::filesystem::path folder_;
  std::size_t parts_ = 0;
  std::vector<ListedPicture> pictures_;
  std::vector<std::string> keys_;  // of the pictures
  std::vector<Shard> shards_;
};

}  // namespace omma
