// Tar shards by the program: what it writes, it reads, and it tells what is broken.
#include <gtest/gtest.h>

#include "tests/program/run_program.h"

namespace omma {
namespace {
using testing::run_program;

TEST(Program, RendersShardsThatValidate) {
  const testing::TemporaryDirectory directory;
  const std::string out = (directory / "web").string();
  const auto render = run_program({"render", "--seed", "5", "--count", "6", "--size", "48", "--format", "webdataset", "--noise",
                                   "0.3", "--samples-per-shard", "4", "--out", out, "--json"});
  ASSERT_EQ(render.status, 0) << render.err;
  const auto good = run_program({"validate", "--task", "caption", "--data", "webdataset:" + out, "--json"});
  ASSERT_EQ(good.status, 0) << good.err;
  EXPECT_EQ(good.lines().at(0)["total"], 0);
  std::filesystem::resize_file(out + "/web-000001.tar", 1000);
  const auto cut = run_program({"validate", "--task", "caption", "--data", "webdataset:" + out, "--json"});
  ASSERT_EQ(cut.status, 1) << cut.err;  // more than 5 % is lost
  EXPECT_EQ(cut.lines().at(0)["counts"], json({{"broken_shard", 1}}));
  EXPECT_EQ(cut.lines().at(0)["issues"][0]["sample"], "web-000001.tar");
  EXPECT_EQ(run_program({"validate", "--task", "vqa", "--data", "webdataset:" + out}).status, 2);
}

}  // namespace
}  // namespace omma
