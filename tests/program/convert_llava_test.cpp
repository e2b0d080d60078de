// `omma convert` on a checkpoint of LLaVA's authors, and what it makes in use.
#include "omma/io/image_file.h"
#include "tests/program/run_program.h"
#include "tests/unit/llava/original_llava.h"

namespace omma {
namespace {

using testing::run_program;

class ConvertLlavaProgram : public ::testing::Test {
 protected:
  std::string original(const json& changes = json::object()) {
    return testing::write_original_llava(directory_.path(), testing::small_llava().model, changes).string();
  }
  std::string path(const char* name) const { return (directory_ / name).string(); }

  testing::TemporaryDirectory directory_;
};

TEST_F(ConvertLlavaProgram, WhatItMakesTalks) {
  write_image(directory_ / "a.png", Image(12, 9));
  const auto run = run_program({"convert", "--from", original(), "--to", path("made"), "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.lines().at(0)["model_type"], "llava");
  EXPECT_EQ(run.lines().at(0)["tasks"], json({"caption", "answer", "chat"}));
  const auto chat =
      run_program({"chat", path("a.png"), "--model", path("made"), "--prompt", "Who?", "--max-tokens", "3", "--json"});
  ASSERT_EQ(chat.status, 0) << chat.err;
  EXPECT_EQ(chat.lines().at(0)["tokens"], 3);
}

TEST_F(ConvertLlavaProgram, Refusals) {
  const auto refused = [&](const std::vector<std::string>& arguments, const char* message) {
    const auto run = run_program(arguments, {"HF_HUB_CACHE=" + path("hub")});
    EXPECT_EQ(run.status, 2);
    EXPECT_NE(run.err.find(message), std::string::npos) << run.err;
    EXPECT_FALSE(std::filesystem::exists(directory_ / "out"));
  };
  const std::string from = original({{"mm_vision_tower", "nobody/clip"}});
  refused({"convert", "--from", from, "--to", path("out")}, "hf download nobody/clip");
  refused({"convert", "--from", original(), "--to", path("out"), "--base", "zoo/planner-nano"}, "got a whole model");
  refused({"convert", "--from", from, "--to", path("out"), "--merge"}, "no adapter");
  refused({"chat", "--model", from, "--prompt", "Who?"}, "make a model directory of them with: omma convert --from");
}

}  // namespace
}  // namespace omma
