// `omma convert` on a checkpoint of GLIP's authors with their YAML, and what it makes in use.
#include <gtest/gtest.h>

#include "tests/parity/reference.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {

using testing::run_program;

class ConvertGlipProgram : public ::testing::Test {
 protected:
  static std::string recorded(const char* name) { return (testing::parity_directory("glip") / "fused" / name).string(); }
  std::string path(const char* name) const { return (directory_ / name).string(); }

  testing::TemporaryDirectory directory_;
};

TEST_F(ConvertGlipProgram, WhatItMakesDetects) {
  const auto made =
      run_program({"convert", "--from", recorded("glip.pth"), "--config", recorded("config.yaml"), "--to", path("made"), "--json"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.lines().at(0)["model_type"], "glip");
  EXPECT_EQ(made.lines().at(0)["tasks"], json({"detect"}));
  const auto run = run_program({"detect", recorded("picture0.png"), "--model", path("made"), "--phrase", "a cat", "--phrase",
                                "remote control", "--box-threshold", "0.2", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json found = run.lines().at(0)["detections"];
  ASSERT_FALSE(found.empty());
  for (const json& each : found) EXPECT_EQ(each["label"], each["phrase_index"] == 0 ? "a cat" : "remote control");
  const auto caption = run_program({"detect", recorded("picture0.png"), "--model", path("made"), "--caption", "a cat. a dog",
                                    "--box-threshold", "0.2", "--json"});
  ASSERT_EQ(caption.status, 0) << caption.err;
  EXPECT_FALSE(caption.lines().at(0)["detections"].empty());
}

TEST_F(ConvertGlipProgram, Refusals) {
  write_file(directory_ / "other.yaml", "MODEL:\n  RPN_ARCHITECTURE: RPN\n");
  const auto other = run_program({"convert", "--from", recorded("glip.pth"), "--config", path("other.yaml"), "--to", path("out")});
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("MODEL.RPN_ARCHITECTURE: expected VLDYHEAD"), std::string::npos) << other.err;
  const auto wrong =
      run_program({"convert", "--from", "zoo/blip-nano-caption", "--config", path("other.yaml"), "--to", path("out")});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("read no YAML"), std::string::npos) << wrong.err;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "out"));
}

}  // namespace
}  // namespace omma
