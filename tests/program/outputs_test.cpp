// Results are written neither over nor among what is read, and where they cannot be written is told before the work.
#include <gtest/gtest.h>

#include <map>

#include "omma/io/image_file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_program;

class Outputs : public ::testing::Test {
 protected:
  Outputs() {
    const auto run = run_program({"render", "--seed", "5", "--count", "3", "--size", "48", "--out", path("data"), "--quiet"});
    EXPECT_EQ(run.status, 0) << run.err;
    for (const char* folder : {"a", "b"}) {
      fs::create_directories(directory_ / folder);
      fs::copy_file(path("data/images/000000.png"), directory_ / folder / "1.png");
    }
    fs::copy_file(path("data/images/000001.png"), path("a/2.png"));
    write_image(path("a/2.jpg"), read_image(path("data/images/000002.png")));
    write_file(path("list.txt"), path("a/1.png") + "\n" + path("b/1.png") + "\n");
  }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory_.path()))
      all[entry.path().string()] = entry.is_regular_file() ? read_file(entry.path()) : "";
    return all;
  }

  // Status 2, one line that says so, and nothing changed.
  void expect_refused(const std::vector<std::string>& arguments, const std::string& reason = "would be written") const {
    const auto before = files();
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 2) << fmt::format("{}", fmt::join(arguments, " ")) << "\n" << run.err;
    EXPECT_NE(run.err.find(reason), std::string::npos) << run.err;
    EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(files(), before) << fmt::format("{}", fmt::join(arguments, " "));
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(Outputs, DetectWritesNeitherOverNorAmongItsPictures) {
  const auto detect = [](std::vector<std::string> arguments, const std::string& out) {
    arguments.insert(arguments.begin(), "detect");
    arguments.insert(arguments.end(), {"--phrase", "dog", "--out", out});
    return arguments;
  };
  fs::create_symlink("a/1.png", path("link.png"));
  fs::create_hard_link(path("a/1.png"), path("twin.png"));
  for (const char* out : {"a/1.png", "b/../a/./1.png", "link.png", "twin.png"})
    expect_refused(detect({path("a/1.png")}, path(out)));
  expect_refused(detect({path("link.png")}, path("a/1.png")));
  expect_refused(detect({path("a/1.png")}, path("a")));
  expect_refused(detect({path("a"), path("b")}, path("b/")));
  expect_refused(detect({"@" + path("list.txt")}, path("a")));
  expect_refused(detect({path("b")}, path("b/boxes.png")));
  const auto beside = run_program(detect({path("a/1.png")}, path("a/boxes.png")));
  EXPECT_EQ(beside.status, 0) << beside.err;
  EXPECT_EQ(read_image(path("a/boxes.png")).width, 480) << "small pictures are drawn larger";
}

TEST_F(Outputs, EveryPictureHasAResultOfItsOwn) {
  const auto run = run_program(
      {"detect", path("a/1.png"), path("b/1.png"), path("a/2.png"), path("a/2.jpg"), "--phrase", "dog", "--out", path("boxes")});
  ASSERT_EQ(run.status, 0) << run.err;
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_ / "boxes")) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"2.jpg.png", "2.png.png", "a-1.png", "b-1.png"}));
  const auto one = run_program({"detect", path("a/1.png"), "--phrase", "dog", "--out", path("one/folder")});
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_TRUE(fs::exists(path("one/folder/1.png")));
}

TEST_F(Outputs, OtherCommandsSpareWhatTheyRead) {
  const std::vector<std::string> agent = {"agent", path("a/1.png"), "How many dogs are there?"};
  const auto with = [](std::vector<std::string> arguments, const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  for (const char* out : {"a/1.png", "a"}) expect_refused(with(agent, {"--out", path(out)}));
  expect_refused(with(agent, {"--trace", path("a/1.png")}));
  expect_refused(with(agent, {"--out", path("x.png"), "--trace", path("a/../x.png")}), "different files");

  const std::string blip = "zoo/blip-nano-caption";
  write_file(path("pairs.json"), R"([{"image": "a/1.png", "caption": "a dog"}])");
  for (const auto& [data, out] : {std::pair("coco:" + path("data"), "data"),
                                  {"coco:" + path("data"), "data/clean"},
                                  {"coco:" + path("data/captions.json"), "data"}})
    expect_refused({"bootstrap", "--data", data, "--out", path(out)});
  expect_refused({"bootstrap", "--data", "blip:" + path("pairs.json"), "--out", path("a")}, "expected an empty folder");
  expect_refused({"eval", "caption", "--data", "coco:" + path("data"), "--answers", path("data/captions.json")});
  expect_refused({"eval", "caption", "--data", "blip:" + path("pairs.json"), "--answers", path("pairs.json")});

  write_file(path("recipe.json"), R"({"task": "grounding-dino"})");
  const std::vector<std::string> train = {"train", path("recipe.json")};
  for (const char* out : {"data", "data/images", "data/run"})
    expect_refused(with(train, {"--set", "data=coco:" + path("data"), "--out", path(out)}));
  fs::create_directories(path("run"));
  fs::copy(fs::canonical(blip), path("run/model"));
  expect_refused(with(train, {"--set", "initial_weights=[\"" + path("run/model") + "\"]", "--out", path("run")}));
  expect_refused(with(train, {"--out", path("")}));
  expect_refused({"convert", "--from", path("run/model"), "--to", path("run/model/new")});
  for (const char* out : {"run/model/new", "a"})
    expect_refused({"quantize", path("run/model"), path(out), "--pictures", path("a")});
}

TEST_F(Outputs, RenderTakesNoFolderOfOthers) {
  const std::vector<std::string> render = {"render", "--seed", "5", "--count", "3", "--size", "48", "--out", path("data")};
  const auto drawn = read_file(path("data/images/000001.png"));
  write_file(path("data/images/000001.png"), "spoilt");
  write_file(path("data/images/000001.png.77.partial"), "half");
  const auto again = run_program(render);
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(read_file(path("data/images/000001.png")), drawn);
  EXPECT_FALSE(fs::exists(path("data/images/000001.png.77.partial")));
  auto fewer = render;
  fewer[4] = "2";
  expect_refused(fewer, "other arguments");
  expect_refused({"render", "--seed", "5", "--count", "2", "--out", path("a")}, "expected an empty folder");
}

TEST_F(Outputs, WhatCannotBeWrittenIsToldBeforeTheWork) {
  const std::string nowhere = path("absent/x.png"), file = path("list.txt"), below = file + "/x";
  for (const char* flag : {"--out", "--trace"}) {
    expect_refused({"agent", path("a/1.png"), "How many dogs?", flag, nowhere}, "cannot write: No such file");
    expect_refused({"agent", path("a/1.png"), "How many dogs?", flag, below}, "cannot write: Not a directory");
  }
  expect_refused({"agent", path("a/1.png"), "How many dogs?", "--out", path("x.gif")}, ".png, .jpg");
  expect_refused({"agent", path("a/1.png"), "How many dogs?", "--trace", path("b")}, "this is a folder");
  expect_refused({"detect", path("a"), path("b"), "--phrase", "dog", "--out", file}, "expected a folder");
  expect_refused({"eval", "vqa", "--answers", nowhere}, "cannot write");
  expect_refused({"eval", "agent", "--answers", nowhere}, "cannot write");
  expect_refused({"train", "recipes/grounding-dino-nano.json", "--out", below}, "Not a directory");
  expect_refused({"bootstrap", "--data", "coco:" + path("data"), "--out", below}, "Not a directory");
  expect_refused({"convert", "--from", path("a/1.png"), "--to", below}, "Not a directory");
  expect_refused({"quantize", "zoo/blip-nano-vqa", below, "--pictures", path("a/1.png")}, "Not a directory");
  expect_refused({"render", "--seed", "1", "--count", "1", "--out", below}, "Not a directory");
}

TEST_F(Outputs, AnEarlierFileStaysUntilTheNewOneIsThere) {
  write_file(path("answers.jsonl"), "earlier\n");
  const auto run = run_program({"eval", "vqa", "--data", "jsonl:" + path("absent"), "--answers", path("answers.jsonl")});
  EXPECT_EQ(run.status, 2) << run.err;
  EXPECT_EQ(read_file(path("answers.jsonl")), "earlier\n");
}

// The disk is full when the answer is there: that is told, and the answer is not lost.
TEST_F(Outputs, TheAnswerIsPrintedThoughItsFilesAreNot) {
  const auto run = testing::run_shell("( ulimit -f 0; " +
                                      testing::command_line({"agent", path("a/1.png"), "How many dogs are there?", "--trace",
                                                             path("trace"), "--out", path("x.png")}) +
                                      " 2>&1; echo status $? ) | cat");
  EXPECT_NE(run.out.find("\nAnswer: "), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("File too large\n"), std::string::npos) << run.out;
  EXPECT_TRUE(run.out.ends_with("status 1\n")) << run.out;
}

}  // namespace
}  // namespace omma
