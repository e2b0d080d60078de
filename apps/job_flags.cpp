#include "apps/job_flags.h"

#include <algorithm>
#include <vector>

#include "omma/base/checksum.h"
#include "omma/base/error.h"
#include "omma/base/file.h"

namespace omma::app {
namespace fs = std::filesystem;

void add_rank_flags(CLI::App& command, RankFlags& flags) {
  command.add_option("--rank", flags.rank, "this process of several that share the shards (default: RANK)")->type_name("R");
  command.add_option("--ranks", flags.ranks, "how many they are (default: WORLD_SIZE)")->type_name("W");
}

JobRank job_rank(const RankFlags& flags) {
  check(flags.rank.has_value() == flags.ranks.has_value(), "expected --rank and --ranks together");
  return flags.rank ? JobRank{.rank = *flags.rank, .ranks = *flags.ranks} : rank_from_environment();
}

std::string contents_of(const fs::path& model) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(model))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::uint64_t sum = 0;
  for (const fs::path& file : files) sum = checksum(MappedFile(file).bytes(), sum);
  return fmt::format("{:016x}", sum);
}

}  // namespace omma::app
