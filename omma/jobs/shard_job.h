// What every dataset job shares: shards of input, split over processes, each of them done whole or not at all.
//
// The job's directory holds job.json (its parameters), what the job makes of each shard (NAME-000017.EXTENSION), and
// manifest-000017.json for each shard that is done. A shard's files appear whole under their names and reach the disk before its
// manifest does, so that what has a manifest is there, and what has none is made again after a crash.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/file.h"
#include "omma/base/json.h"

namespace omma {

// Shard i is of rank i mod ranks. The processes of one run are all told the same number of ranks; another run may have another.
struct JobRank {
  int rank = 0;
  int ranks = 1;
};

// From RANK and WORLD_SIZE, as launchers set them; the only one where they are absent. Throws std::invalid_argument for one without
// the other, and for what is no number or out of range.
JobRank rank_from_environment();

struct ShardJobOptions {
  std::filesystem::path out;
  json parameters;  // an object: whatever the outputs depend on
  // What each shard is made of, in words that change where that does; none: add_inputs() tells them, and there may be more of them
  // from run to run.
  std::vector<std::string> inputs = {};
  JobRank rank = {};
};

// Throws std::invalid_argument where the folder holds files and no job, told by its file `job` in there: a job's own would be lost
// among them, or they under its.
void expect_own_folder(const std::filesystem::path& folder, const std::filesystem::path& job = "job.json");

// Writes a file that all ranks of a job share: of several that begin at once one writes it, and the others find it there.
void write_once(const std::filesystem::path& file, std::string_view contents, JobRank rank);

// One rank's part of a job; holds the rank's lock on the directory for its lifetime. Not thread-safe.
class ShardJob {
 public:
  // Makes the directory. Throws std::invalid_argument where it holds other files, or a job with other parameters or inputs, naming
  // what differs; where another process has this rank; and for a rank out of range. std::runtime_error where the disk refuses.
  explicit ShardJob(ShardJobOptions options);

  // Shards behind those there are.
  void add_inputs(const std::vector<std::string>& inputs);

  std::size_t size() const { return options_.inputs.size(); }
  bool owns(std::size_t shard) const;

  // Calls work(shard) for each shard of this rank that is not done, in order. It publishes the shard's files and returns what the
  // manifest is to hold, an object. What work() throws ends the run, and what is done stays.
  void run(const std::function<json(std::size_t shard)>& work);

  // Of all shards, whoever's they are; null: not done yet. Throws std::invalid_argument where one was made of another input.
  std::vector<json> manifests() const;

  std::filesystem::path file(std::string_view name, std::size_t shard, std::string_view extension) const;

 private:
  void record_parameters();
  void remove_leftovers();
  json manifest(std::size_t shard) const;

  ShardJobOptions options_;
  DirectoryLock lock_;
};

}  // namespace omma
