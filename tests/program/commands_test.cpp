#include <gtest/gtest.h>

#include "tests/program/run_program.h"

namespace omma {
namespace {
using testing::run_program;

TEST(Program, TellsItsVersionAndHelp) {
  EXPECT_EQ(run_program({"--version"}).out.rfind("omma ", 0), 0U);
  const auto help = run_program({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* command : {"caption", "match", "ask", "chat", "detect", "segment", "annotate", "agent", "bootstrap", "instruct",
                              "render", "train", "eval", "convert", "quantize", "inspect", "list", "pull"})
    EXPECT_NE(help.out.find(command), std::string::npos) << command;
  EXPECT_EQ(help.out.find("\n  serve"), std::string::npos);
  EXPECT_EQ(run_program({}).status, 2);
  EXPECT_EQ(run_program({"fly"}).status, 2);
}

TEST(Program, ListsAndInspectsTheZoo) {
  const auto list = run_program({"list", "--json"});
  ASSERT_EQ(list.status, 0) << list.err;
  bool has_detector = false;
  const json models = list.lines().at(0)["models"];
  for (const json& model : models) {
    if (model.contains("fetch") || model["dir"].get<std::string>().find("/zoo/") == std::string::npos) continue;  // not embedded
    has_detector = has_detector || model["id"] == "grounding-dino-nano";
    EXPECT_EQ(model["present"], true);
    const auto inspect = run_program({"inspect", model["dir"], "--json"});
    ASSERT_EQ(inspect.status, 0) << inspect.err;
    const json info = inspect.lines().at(0);
    for (const char* field : {"model_type", "tasks", "parameters", "dtype", "bytes"}) EXPECT_TRUE(info.contains(field)) << field;
    EXPECT_EQ(info["parameters"], model["parameters"]);
    EXPECT_LE(info["bytes"], model["id"] == "llava-nano" ? 8'000'000 : 4'000'000) << model["id"];
  }
  EXPECT_TRUE(has_detector);
  EXPECT_EQ(run_program({"inspect", "/"}).status, 2);
}

TEST(Program, RendersTheSamePixelsForTheSameSeed) {
  const testing::TemporaryDirectory directory;
  for (const char* name : {"a", "b"})
    ASSERT_EQ(
        run_program({"render", "--seed", "5", "--count", "4", "--out", (directory / name).string(), "--size", "64", "--quiet"})
            .status,
        0);
  for (const char* file : {"images/000003.png", "annotations.json", "captions.json", "questions.jsonl"})
    EXPECT_EQ(read_file(directory / "a" / file), read_file(directory / "b" / file)) << file;
  EXPECT_EQ(run_program({"render", "--seed", "5", "--count", "-1", "--out", (directory / "c").string()}).status, 2);
  EXPECT_EQ(run_program({"render", "--seed", "5", "--count", "1", "--out", (directory / "c").string(), "--split", "test2"}).status,
            2);
}

// A model that the user names must be there and fit, even where the question does not need it; a zoo without one is no mistake.
TEST(Program, AgentChecksTheModelsOfItsTools) {
  const testing::TemporaryDirectory directory;
  ASSERT_EQ(run_program({"render", "--seed", "5", "--count", "1", "--size", "64", "--out", directory.path().string()}).status, 0);
  std::filesystem::create_directories(directory / "zoo");
  for (const char* model : {"planner-nano", "grounding-dino-nano"})
    std::filesystem::create_directory_symlink(std::filesystem::absolute("zoo") / model, directory / "zoo" / model);
  std::vector<std::string> arguments = {"agent", (directory / "images/000000.png").string(), "How many dogs are there?", "--json"};
  const std::vector<std::string> small_zoo = {"OMMA_ZOO=" + (directory / "zoo").string()};
  const auto run = run_program(arguments, small_zoo);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.lines().at(0)["steps"][0]["action"], "detect_objects");
  for (const char* flag : {"--captioner", "--answerer"})
    for (const char* model : {"blip-nano-absent", "planner-nano"}) {
      arguments.insert(arguments.end(), {flag, model});
      EXPECT_EQ(run_program(arguments, small_zoo).status, 2) << flag << " " << model;
      arguments.resize(arguments.size() - 2);
    }
}

TEST(Program, ValidatesCaptionsAndQuestions) {
  const testing::TemporaryDirectory directory;
  const std::string out = directory.path().string();
  ASSERT_EQ(run_program({"render", "--seed", "5", "--count", "3", "--size", "48", "--out", out}).status, 0);
  for (const auto& [task, kind] : {std::pair("detection", "coco:"), {"caption", "coco:"}, {"vqa", "jsonl:"}}) {
    const auto run = run_program({"validate", "--task", task, "--data", kind + out});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_NE(run.out.find("0 faults"), std::string::npos) << run.out;
  }
  write_file(directory / "blip.json", R"([{"image": "images/000000.png", "caption": " "}])");
  const auto blip = run_program({"validate", "--task", "caption", "--data", "blip:" + (directory / "blip.json").string()});
  EXPECT_EQ(blip.status, 1) << blip.err;  // nothing is usable
  EXPECT_NE(blip.out.find("blank_text: images/000000.png"), std::string::npos) << blip.out;
}

}  // namespace
}  // namespace omma
