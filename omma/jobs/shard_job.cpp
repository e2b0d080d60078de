#include "omma/jobs/shard_job.h"

#include <charconv>
#include <cstdlib>

#include "omma/base/config.h"
#include "omma/base/error.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

int number_in(const char* variable, const char* text) {
  const std::string_view digits = text;
  int number = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  check(error == std::errc() && end == digits.data() + digits.size() && number >= 0,
        "{}: expected a number of 0 or more, got \"{}\"", variable, digits);
  return number;
}

void check_rank(JobRank rank) {
  check(rank.ranks >= 1 && rank.rank >= 0 && rank.rank < rank.ranks, "rank: expected 0 to {} of {}, got {}", rank.ranks - 1,
        rank.ranks, rank.rank);
}

ShardJobOptions checked(ShardJobOptions options) {
  check_rank(options.rank);
  return options;
}

const fs::path& made(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail_runtime("{}: cannot make the folder: {}", folder.string(), error.message());
  return folder;
}

void expect_same(const json& there, const json& here, const fs::path& file) {
  check(there.is_object(), "{}: expected a JSON object, got {}", file.string(), there.type_name());
  Faults faults(file.string() + ": made with other parameters");
  json all = here;
  all.update(there);
  for (const auto& [name, value] : all.items()) {
    const std::string was = dump_json(there.value(name, json())), is = dump_json(here.value(name, json()));
    faults.expect(was == is, "{}: {}, here {}", name, was, is);
  }
  faults.raise();
}

}  // namespace

void expect_own_folder(const fs::path& folder, const fs::path& job) {
  if (!fs::exists(folder) || fs::exists(folder / job)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || name.starts_with("job-rank-") || name == *job.begin()) continue;  // of a rank that begins just now
    if (!fs::exists(folder / job))
      fail("{}: expected an empty folder, or one of such a job, got one with {} and no {}", folder.string(), name, job.string());
  }
}

// Linked and not renamed into place, so that the first one stays.
void write_once(const fs::path& file, std::string_view contents, JobRank rank) {
  const fs::path mine = file.parent_path() / fmt::format("job-rank-{}{}", rank.rank, file.extension().string());
  if (!fs::exists(file)) {
    write_file(mine, contents);
    std::error_code ignored;
    fs::create_hard_link(mine, file, ignored);
    if (!fs::exists(file)) fs::rename(mine, file);  // a disk without links
  }
  fs::remove(mine);
}

JobRank rank_from_environment() {
  const char *rank = std::getenv("RANK"), *ranks = std::getenv("WORLD_SIZE");
  if (rank == nullptr && ranks == nullptr) return {};
  check(rank != nullptr && ranks != nullptr, "{} is in the environment without {}", rank != nullptr ? "RANK" : "WORLD_SIZE",
        rank != nullptr ? "WORLD_SIZE" : "RANK");
  const JobRank both{.rank = number_in("RANK", rank), .ranks = number_in("WORLD_SIZE", ranks)};
  check_rank(both);
  return both;
}

ShardJob::ShardJob(ShardJobOptions options)
    : options_(checked(std::move(options))), lock_(made(options_.out), fmt::format("rank-{}", options_.rank.rank)) {
  expect_own_folder(options_.out);
  if (size() > 0) options_.parameters["shards"] = size();
  record_parameters();
  remove_leftovers();
}

void ShardJob::add_inputs(const std::vector<std::string>& inputs) {
  options_.inputs.insert(options_.inputs.end(), inputs.begin(), inputs.end());
}

bool ShardJob::owns(std::size_t shard) const {
  return shard % static_cast<std::size_t>(options_.rank.ranks) == static_cast<std::size_t>(options_.rank.rank);
}

fs::path ShardJob::file(std::string_view name, std::size_t shard, std::string_view extension) const {
  return options_.out / fmt::format("{}-{:06}.{}", name, shard, extension);
}

void ShardJob::record_parameters() {
  const fs::path file = options_.out / "job.json";
  write_once(file, dump_json(options_.parameters, 2) + "\n", options_.rank);
  expect_same(read_json(file), options_.parameters, file);
}

// Files that a killed process had not finished, named NAME-000017.EXTENSION.PROCESS.partial: of this rank's shards, where there are
// several ranks, which may be at work.
void ShardJob::remove_leftovers() {
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(options_.out)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".partial")) continue;
    if (options_.rank.ranks == 1) leftovers.push_back(entry.path());
    const std::size_t dash = name.find('-');
    std::size_t shard = 0;
    if (options_.rank.ranks == 1 || dash == std::string::npos) continue;
    const auto parsed = std::from_chars(name.data() + dash + 1, name.data() + name.size(), shard);
    if (parsed.ec == std::errc() && owns(shard)) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove(leftover);
}

json ShardJob::manifest(std::size_t shard) const {
  const fs::path where = file("manifest", shard, "json");
  if (!fs::exists(where)) return nullptr;
  json manifest = read_json(where);
  const std::string was = dump_json(manifest.is_object() ? manifest.value("input", json()) : json());
  const std::string is = dump_json(options_.inputs[shard]);
  check(was == is, "{}: made of {}, where now {} stands: the input has changed", where.string(), was, is);
  return manifest;
}

std::vector<json> ShardJob::manifests() const {
  std::vector<json> all;
  for (std::size_t shard = 0; shard < size(); ++shard) all.push_back(manifest(shard));
  return all;
}

void ShardJob::run(const std::function<json(std::size_t shard)>& work) {
  for (std::size_t shard = 0; shard < size(); ++shard) {
    if (!owns(shard) || !manifest(shard).is_null()) continue;
    json manifest = work(shard);
    manifest["input"] = options_.inputs[shard];
    write_file(file("manifest", shard, "json"), dump_json(manifest) + "\n");
  }
}

}  // namespace omma
