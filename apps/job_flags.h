// What the commands share that are dataset jobs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "apps/command.h"
#include "omma/jobs/shard_job.h"

namespace omma::app {

struct RankFlags {
  std::optional<int> rank, ranks;
};

// --rank, --ranks.
void add_rank_flags(CLI::App& command, RankFlags& flags);

// As the flags say, else the environment.
JobRank job_rank(const RankFlags& flags);

// Changes with any bit of the model, so that no job goes on with one that was trained anew meanwhile.
std::string contents_of(const std::filesystem::path& model);

}  // namespace omma::app
