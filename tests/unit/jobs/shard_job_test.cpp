#include "omma/jobs/shard_job.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

namespace fs = std::filesystem;
using testing::invalid_argument_of;

class ShardJobs : public ::testing::Test {
 protected:
  ShardJobOptions options(JobRank rank = {}) const {
    return {.out = directory_ / "out",
            .parameters = {{"seed", 7}, {"threshold", .5}},
            .inputs = {"a", "b", "c", "d", "e"},
            .rank = rank};
  }
  // Writes a file a shard; `victim` throws after its file is there, and before its manifest.
  static std::vector<std::size_t> run(ShardJob& job, std::optional<std::size_t> victim = {}) {
    std::vector<std::size_t> worked;
    job.run([&](std::size_t shard) {
      worked.push_back(shard);
      write_file(job.file("thing", shard, "txt"), fmt::format("shard {}", shard));
      if (shard == victim) throw std::runtime_error("killed");
      return json{{"samples", shard}};
    });
    return worked;
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(ShardJobs, ShardsAreSplitByRankAndDoneOnce) {
  {
    ShardJob job(options({.rank = 1, .ranks = 2}));
    EXPECT_EQ(run(job), (std::vector<std::size_t>{1, 3}));
    EXPECT_TRUE(run(job).empty());
  }
  ShardJob job(options());  // another number of ranks goes on with what is there
  EXPECT_EQ(run(job), (std::vector<std::size_t>{0, 2, 4}));
  const std::vector<json> manifests = job.manifests();
  ASSERT_EQ(manifests.size(), 5U);
  EXPECT_EQ(manifests[3], (json{{"input", "d"}, {"samples", 3}}));
}

TEST_F(ShardJobs, WhatHasNoManifestIsMadeAgain) {
  {
    ShardJob job(options());
    EXPECT_THROW(run(job, 2), std::runtime_error);
    EXPECT_TRUE(fs::exists(job.file("thing", 2, "txt")));
    EXPECT_TRUE(job.manifests()[2].is_null());
  }
  ShardJob job(options());
  EXPECT_EQ(run(job), (std::vector<std::size_t>{2, 3, 4}));
}

TEST_F(ShardJobs, AFolderOfOtherFilesIsRefused) {
  fs::create_directories(directory_ / "out");
  for (const char* name : {".DS_Store", "job-rank-1.json"}) write_file(directory_ / "out" / name, "");
  EXPECT_NO_THROW(expect_own_folder(directory_ / "out"));
  EXPECT_NO_THROW(expect_own_folder(directory_ / "absent"));
  write_file(directory_ / "out/clean-000000.tar", "the user's");
  EXPECT_NE(invalid_argument_of([&] { ShardJob job(options()); }).find("expected an empty folder"), std::string::npos);
  EXPECT_EQ(read_file(directory_ / "out/clean-000000.tar"), "the user's");
}

TEST_F(ShardJobs, LeftoversOfItsShardsAreRemoved) {
  {
    const ShardJob job(options({.rank = 0, .ranks = 2}));
  }
  for (const char* name : {"thing-000000.txt.17.partial", "thing-000001.txt.17.partial", "thing-000002.txt", "notes.17.partial"})
    write_file(directory_ / "out" / name, "half");
  const ShardJob job(options({.rank = 0, .ranks = 2}));
  EXPECT_FALSE(fs::exists(directory_ / "out/thing-000000.txt.17.partial"));
  EXPECT_TRUE(fs::exists(directory_ / "out/thing-000001.txt.17.partial"));  // the other rank may be writing it
  EXPECT_TRUE(fs::exists(directory_ / "out/thing-000002.txt"));
  EXPECT_TRUE(fs::exists(directory_ / "out/notes.17.partial"));
}

TEST_F(ShardJobs, OtherParametersAreRefusedByName) {
  {
    ShardJob job(options());
    run(job);
  }
  ShardJobOptions other = options();
  other.parameters = {{"threshold", .7}, {"seed", 7}, {"top_p", .9}};
  other.inputs.pop_back();
  const std::string message = invalid_argument_of([&] { ShardJob job(other); });
  EXPECT_NE(message.find("threshold: 0.5, here 0.7"), std::string::npos) << message;
  EXPECT_NE(message.find("top_p: null, here 0.9"), std::string::npos) << message;
  EXPECT_NE(message.find("shards: 5, here 4"), std::string::npos) << message;
  EXPECT_EQ(message.find("seed"), std::string::npos) << message;
  EXPECT_EQ(invalid_argument_of([&] { ShardJob job(options()); }), "");  // the refused run has changed nothing
}

TEST_F(ShardJobs, AnInputThatHasChangedIsRefused) {
  {
    ShardJob job(options());
    run(job);
  }
  ShardJobOptions other = options();
  other.inputs[3] = "x";
  ShardJob job(other);
  const std::string message = invalid_argument_of([&] { run(job); });
  EXPECT_NE(message.find("manifest-000003.json: made of \"d\", where now \"x\" stands"), std::string::npos) << message;
}

TEST_F(ShardJobs, OneProcessARank) {
  const ShardJob job(options({.rank = 1, .ranks = 2}));
  const std::string message = invalid_argument_of([&] { ShardJob again(options({.rank = 1, .ranks = 2})); });
  EXPECT_NE(message.find(fmt::format("rank-1: in use by process {}", ::getpid())), std::string::npos) << message;
  EXPECT_NO_THROW(ShardJob other(options({.rank = 0, .ranks = 2})));
  for (const JobRank wrong : {JobRank{.rank = 2, .ranks = 2}, {.rank = -1, .ranks = 2}, {.rank = 0, .ranks = 0}})
    EXPECT_THROW(ShardJob none(options(wrong)), std::invalid_argument);
}

// Several processes begin a job at once, each with parameters of its own: one of them has it.
TEST_F(ShardJobs, OneOfSeveralBeginningsWins) {
  for (int round = 0; round < 20; ++round) {
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      const pid_t child = ::fork();
      children.push_back(child);
      if (child != 0) continue;
      ShardJobOptions mine = options({.rank = i, .ranks = 4});
      mine.out = directory_ / std::to_string(round);
      mine.parameters["seed"] = i;
      ::_exit(invalid_argument_of([&] { ShardJob job(mine); }).empty() ? 0 : 1);
    }
    int winners = 0;
    for (const pid_t child : children) {
      int status = -1;
      ::waitpid(child, &status, 0);
      winners += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    EXPECT_EQ(winners, 1);
  }
}

TEST(JobRank, ComesFromTheEnvironment) {
  ::unsetenv("RANK");
  ::unsetenv("WORLD_SIZE");
  EXPECT_EQ(rank_from_environment().ranks, 1);
  ::setenv("RANK", "2", 1);
  EXPECT_NE(invalid_argument_of(rank_from_environment).find("RANK is in the environment without WORLD_SIZE"), std::string::npos);
  ::setenv("WORLD_SIZE", "4", 1);
  EXPECT_EQ(rank_from_environment().rank, 2);
  EXPECT_EQ(rank_from_environment().ranks, 4);
  for (const char* wrong : {"2", "x", "", "-1", "3 "}) {
    ::setenv("WORLD_SIZE", wrong, 1);
    EXPECT_THROW(rank_from_environment(), std::invalid_argument) << wrong;
  }
  ::unsetenv("RANK");
  ::unsetenv("WORLD_SIZE");
}

}  // namespace
}  // namespace omma
