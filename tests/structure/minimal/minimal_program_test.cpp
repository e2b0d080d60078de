// The program as the minimal build has it: all that needs no optional package works, and the rest says so.
#include <gtest/gtest.h>

#include "tests/program/run_program.h"

namespace omma {
namespace {
using testing::run_program;

class MinimalProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto run = run_program({"render", "--seed", "3", "--count", "4", "--size", "96", "--out", path(), "--quiet"});
    ASSERT_EQ(run.status, 0) << run.err;
  }
  std::string path(const std::string& name = "") const { return (directory_ / name).string(); }
  void expect_refusal(const std::vector<std::string>& arguments, const std::string& message) const {
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 2) << arguments.front();
    EXPECT_EQ(run.out, "") << arguments.front();
    EXPECT_EQ(run.err, message + "\n") << arguments.front();
  }

 private:
  testing::TemporaryDirectory directory_;
};

TEST_F(MinimalProgram, RunsModels) {
  EXPECT_EQ(run_program({"--version"}).out.rfind("omma ", 0), 0U);
  const std::string picture = path("images/000000.png"), drawn = path("drawn.png");
  const auto detect = run_program({"detect", picture, "--phrase", "dog", "--box-threshold", "0", "--json", "--out", drawn});
  ASSERT_EQ(detect.status, 0) << detect.err;
  EXPECT_FALSE(detect.lines().at(0)["detections"].empty());
  EXPECT_NE(read_file(drawn), read_file(picture));  // boxes, though no letters
  const auto agent = run_program({"agent", picture, "How many dogs are there?", "--json"});
  ASSERT_EQ(agent.status, 0) << agent.err;
  EXPECT_EQ(agent.lines().at(0)["stopped"], "answer");
}

TEST_F(MinimalProgram, TrainsAndJudges) {
  EXPECT_EQ(run_program({"validate", "--data", "coco:" + path("annotations.json")}).status, 0);
  const auto train = run_program({"train", "planner-nano", "--out", path("run"), "--threads", "1", "--quiet", "--set", "steps=3",
                                  "--set", "validation_traces=1"});
  ASSERT_EQ(train.status, 0) << train.err;
  EXPECT_EQ(run_program({"inspect", path("run/model")}).status, 0);
  const auto eval = run_program(
      {"eval", "detection", "--data", "coco:" + path("annotations.json"), "--split", "", "--threads", "1", "--json", "--quiet"});
  ASSERT_EQ(eval.status, 0) << eval.err;
  EXPECT_TRUE(eval.lines().at(0)["ap"].is_number());
}

TEST_F(MinimalProgram, TellsWhatItLeavesOut) {
  const std::string picture = path("images/000000.png");
  write_file(path("picture.webp"), std::string_view("RIFF\x04\0\0\0WEBP", 12));
  expect_refusal({"detect", path("picture.webp"), "--phrase", "dog"},
                 "omma: " + path("picture.webp") + ": this build reads no WebP (OMMA_MINIMAL)");
  write_file(path("data.yaml"), "names: [dog]\ntrain: images\n");
  expect_refusal({"validate", "--data", "yolo:" + path("data.yaml")},
                 "omma: " + path("data.yaml") + ": this build reads no YAML (OMMA_MINIMAL)");
  write_file(path("shard.tar"), "");
  expect_refusal({"eval", "caption", "--data", "webdataset:" + path("shard.tar"), "--split", ""},
                 "omma: " + path("shard.tar") +
                     ": no usable sample: 1 broken_shard; first shard.tar: tar shards: this build has none (OMMA_MINIMAL)");
  expect_refusal({"render", "--seed", "3", "--count", "1", "--out", path("shards"), "--format", "webdataset"},
                 "omma: tar shards: this build has none (OMMA_MINIMAL)");
  expect_refusal({"agent", picture, "How many dogs are there?", "--llm", "http://127.0.0.1:1"},
                 "omma: --llm: this build calls no server (OMMA_MINIMAL)");
}

}  // namespace
}  // namespace omma
