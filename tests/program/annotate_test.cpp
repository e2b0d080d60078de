// omma annotate as a user runs it: the zoo's detector, and for masks a small random segmenter, whose masks are not judged.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "omma/io/image_file.h"
#include "tests/parity/reference.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {

namespace fs = std::filesystem;
using testing::run_program;

class AnnotateProgram : public ::testing::Test {
 protected:
  AnnotateProgram() {
    const auto render = run_program({"render", "--seed", "5", "--count", "6", "--out", path("scenes"), "--quiet"});
    EXPECT_EQ(render.status, 0) << render.err;
  }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::vector<std::string> annotate(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"annotate",
                                          path("scenes/images"),
                                          "--phrase",
                                          "red thing=red",
                                          "--phrase",
                                          "dog",
                                          "--phrase",
                                          "crimson thing=red",
                                          "--out",
                                          path(out),
                                          "--json",
                                          "--threads",
                                          "1",
                                          "--quiet",
                                          "--batch",
                                          "1",
                                          "--box-threshold",
                                          "0.2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  static std::vector<std::string> masks() { return {"--masks", "--segmenter", testing::parity_directory("sam/windows").string()}; }

  // The time apart that they took.
  std::map<std::string, std::string> files_in(const std::string& folder) const {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory_ / folder)) {
      const std::string name = fs::relative(entry.path(), directory_ / folder).string();
      if (entry.is_directory() || name.find("manifest") != std::string::npos || name == "job/summary.json") continue;
      files[name] = read_file(entry.path());
    }
    return files;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(AnnotateProgram, FoldersBecomeDataSets) {
  const auto run = run_program(annotate("boxes"));
  ASSERT_EQ(run.status, 0) << run.err;
  const json summary = run.lines().at(0);
  EXPECT_EQ(summary["pictures"], 6);
  EXPECT_GT(summary["objects"], 0);
  EXPECT_EQ(summary["masks"], 0);
  EXPECT_EQ(summary["classes"].size(), 2U);
  EXPECT_TRUE(fs::exists(directory_ / "boxes/job/contact.png"));
  const auto valid = run_program({"validate", "--data", "coco:" + path("boxes"), "--json"});
  EXPECT_EQ(valid.status, 0) << valid.out;
  for (const char* format : {"yolo", "voc", "odvg"}) {
    const auto other = run_program(annotate(format, {"--format", format}));
    ASSERT_EQ(other.status, 0) << other.err;
    EXPECT_EQ(other.lines().at(0)["objects"], summary["objects"]) << format;
    const std::string place = std::string_view(format) == "odvg" ? path("odvg/annotations.jsonl") : path(format);
    const auto read = run_program({"validate", "--data", format + (":" + place), "--split", "train", "--json"});
    EXPECT_EQ(read.status, 0) << format << ": " << read.out << read.err;
  }
}

TEST_F(AnnotateProgram, PycocotoolsReadsTheMasks) {
  const auto run = run_program(annotate("out", masks()));
  ASSERT_EQ(run.status, 0) << run.err;
  const json summary = run.lines().at(0);
  EXPECT_GT(summary["objects"], 0);
  const testing::Run read = testing::run_shell(
      ".venv/bin/python -W ignore -c '\n"
      "import sys\n"
      "from pycocotools.coco import COCO\n"
      "coco = COCO(sys.argv[1])\n"
      "areas = [int(coco.annToMask(a).sum()) == a[\"area\"] for a in coco.loadAnns(coco.getAnnIds()) if a[\"segmentation\"]]\n"
      "print(len(coco.getImgIds()), len(areas), all(areas), [c[\"name\"] for c in coco.loadCats(coco.getCatIds())])' " +
      testing::shell_word(path("out/annotations.json")) + " | tail -1");
  EXPECT_EQ(read.out, fmt::format("6 {} True ['red', 'dog']\n", dump_json(summary["masks"]))) << read.err;
}

TEST_F(AnnotateProgram, KilledJobsGoOn) {
  const std::vector<std::string> one_each = {"--samples-per-shard", "1"};
  ASSERT_EQ(run_program(annotate("whole", one_each)).status, 0);
  for (const char* manifest : {"manifest-000000.json", "manifest-000003.json"}) {
    fs::remove_all(directory_ / "killed");
    testing::kill_at(directory_ / "killed/job" / manifest, annotate("killed", one_each));
    EXPECT_FALSE(fs::exists(directory_ / "killed/annotations.json"));
    const auto rest = run_program(annotate("killed", one_each));
    ASSERT_EQ(rest.status, 0) << rest.err;
    EXPECT_EQ(files_in("killed"), files_in("whole"));
  }
}

TEST_F(AnnotateProgram, RanksNewPicturesAndRefusals) {
  const std::vector<std::string> small = {"--samples-per-shard", "2"};
  auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), small.begin(), small.end());
    return annotate("out", more);
  };
  const auto second = run_program(with({"--rank", "1", "--ranks", "2"}));
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.lines().at(0), (json{{"shards", 3}, {"done", 1}, {"failures", {{"total", 0}}}, {"out", path("out")}}));
  const auto first = run_program(with({}), {"RANK=0", "WORLD_SIZE=2"});
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(first.lines().at(0)["pictures"], 6);

  write_file(directory_ / "scenes/images/broken.png", "no picture");
  const auto refused = run_program(with({}));
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("1 of this list are new"), std::string::npos) << refused.err;
  const auto more = run_program(with({"--resume"}));
  EXPECT_EQ(more.status, 2) << more.err;  // done, but for a bad file
  EXPECT_EQ(more.lines().at(0)["pictures"], 6);
  EXPECT_EQ(more.lines().at(0)["failures"]["total"], 1);
  EXPECT_NE(more.lines().at(0)["failures"]["list"][0]["error"].get<std::string>().find("broken.png"), std::string::npos);
  const auto other = run_program(with({"--resume", "--nms", "0.5", "--phrase", "cat"}));
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("nms: \"the model's\", here 0.5"), std::string::npos) << other.err;
}

TEST_F(AnnotateProgram, MistakesAreToldBeforeTheWork) {
  for (const auto& [words, text] :
       std::vector<std::pair<std::vector<std::string>, const char*>>{{{"--phrase", "=cup"}, "expected PHRASE or PHRASE=CLASS"},
                                                                     {{"--format", "xml"}, "expected coco"},
                                                                     {{"--format", "png"}, "nothing but masks"},
                                                                     {{"--segmenter", "x"}, "expected --masks"},
                                                                     {{"--rank", "1"}, "--rank and --ranks together"},
                                                                     {{"--samples-per-shard", "0"}, "samples-per-shard"},
                                                                     {{"-"}, "stdin"}}) {
    const auto run = run_program(annotate("out", words));
    EXPECT_EQ(run.status, 2) << text;
    EXPECT_NE(run.err.find(text), std::string::npos) << run.err;
    EXPECT_FALSE(fs::exists(directory_ / "out")) << text;
  }
  const auto among = run_program(annotate("scenes/images"));
  EXPECT_EQ(among.status, 2) << "among the pictures, where the next run would find them";
}

}  // namespace
}  // namespace omma
