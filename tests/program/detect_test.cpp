#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "omma/io/image_file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_program;

// Rendered scenes to look at, made once.
class Detect : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new testing::TemporaryDirectory;
    const auto run =
        run_program({"render", "--seed", "3", "--count", "3", "--out", directory_->path().string(), "--split", "val", "--quiet"});
    ASSERT_EQ(run.status, 0) << run.err;
  }
  static void TearDownTestSuite() { delete directory_; }

  static std::string image(int i) { return (*directory_ / fmt::format("images/{:06d}.png", i)).string(); }
  static fs::path path(const std::string& name) { return *directory_ / name; }

  static inline testing::TemporaryDirectory* directory_ = nullptr;
};

TEST_F(Detect, PrintsOneJsonObjectAPicture) {
  const auto run = run_program({"detect", image(0), image(1), "--phrase", "red car", "--phrase", "dog", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const auto lines = run.lines();
  ASSERT_EQ(lines.size(), 2U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["image"], image(static_cast<int>(i)));
    EXPECT_EQ(lines[i]["size"], json({128, 128}));
    for (const char* part : {"load", "preprocess", "encode", "decode"})
      EXPECT_TRUE(lines[i]["timing_ms"][part].is_number()) << part;
    float last = 1;
    for (const json& found : lines[i]["detections"]) {
      const int phrase = found["phrase_index"];
      EXPECT_EQ(found["label"], phrase == 0 ? "red car" : "dog");
      EXPECT_LE(found["score"], last);
      last = found["score"];
      ASSERT_EQ(found["box"].size(), 4U);
      EXPECT_GE(found["box"][0], 0);
      EXPECT_LE(found["box"][3], 128);
    }
  }
}

TEST_F(Detect, FindsWhatIsThere) {
  const json truth = read_json(path("annotations.json"));
  int objects = 0, found = 0;
  for (const json& annotation : truth["annotations"]) {
    std::string name;
    for (const json& category : truth["categories"])
      if (category["id"] == annotation["category_id"]) name = category["name"];
    const int index = annotation["image_id"].get<int>() - truth["images"][0]["id"].get<int>();
    const auto lines = run_program({"detect", image(index), "--phrase", name, "--json"}).lines();
    ++objects;
    found += lines.size() == 1 && !lines[0]["detections"].empty();
  }
  EXPECT_GE(found * 10, objects * 7) << found << " of " << objects;
}

TEST_F(Detect, BadPictureAmongSeveralIsToldAndTheOthersGoOn) {
  write_file(path("broken.jpg"), "this is no picture");
  const auto run = run_program({"detect", image(0), path("broken.jpg").string(), image(1), "--phrase", "dog", "--json"});
  EXPECT_EQ(run.status, 2);
  const auto lines = run.lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0].contains("detections"));
  EXPECT_EQ(lines[1]["image"], path("broken.jpg").string());
  EXPECT_TRUE(lines[1]["error"].is_string());
  EXPECT_TRUE(lines[2].contains("detections"));
}

TEST_F(Detect, CaptionLabelsWithItsOwnWords) {
  const auto run = run_program({"detect", image(0), "--caption", "a dog. a car.", "--box-threshold", "0", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json detections = run.lines().at(0)["detections"];
  for (const json& found : detections) EXPECT_TRUE(found["phrase_index"].is_null());
}

TEST_F(Detect, WritesOverlays) {
  EXPECT_EQ(run_program({"detect", image(0), "--phrase", "dog", "--out", path("one.png").string()}).status, 0);
  EXPECT_EQ(read_image(path("one.png")).width, 512);  // enlarged, so that the labels do not hide it
  EXPECT_EQ(run_program({"detect", path("images").string(), "--phrase", "dog", "--out", path("several").string()}).status, 0);
  EXPECT_TRUE(fs::exists(path("several") / "000002.png"));
}

TEST_F(Detect, LabelsCanBeLeftOut) {
  for (const auto& [name, flag] : {std::pair("labelled.png", "--quiet"), {"bare.png", "--no-labels"}})
    ASSERT_EQ(
        run_program({"detect", image(0), "--phrase", "dog", "--box-threshold", "0", "--out", path(name).string(), flag}).status, 0);
  const Image labelled = read_image(path("labelled.png")), bare = read_image(path("bare.png"));
  EXPECT_EQ(bare.width, labelled.width);
  EXPECT_FALSE(bare == labelled);
}

TEST_F(Detect, ReadsAPictureFromStdin) {
  const std::vector<std::string> arguments = {"detect", "-", "--phrase", "dog", "--json"};
  const auto piped = run_program(arguments, {}, image(0));
  ASSERT_EQ(piped.status, 0) << piped.err;
  EXPECT_EQ(piped.lines().at(0)["image"], "-");
  EXPECT_EQ(piped.lines().at(0)["detections"],
            run_program({"detect", image(0), "--phrase", "dog", "--json"}).lines().at(0)["detections"]);
  EXPECT_EQ(run_program(arguments).status, 2);  // nothing there
  EXPECT_EQ(run_program({"detect", "-", "-", "--phrase", "dog"}, {}, image(0)).status, 2);
}

TEST_F(Detect, CallersMistakesGetStatusTwo) {
  const std::vector<std::vector<std::string>> mistakes = {
      {"detect", image(0)},                                                           // nothing to look for
      {"detect", image(0), "--phrase", "a", "--caption", "b."},                       // both
      {"detect", image(0), "--phrase", ""},                                           // empty phrase
      {"detect", image(0), "--phrase", " . "},                                        // empty after cleaning
      {"detect", image(0), "--phrase", "a", "--box-threshold", "2"},                  // outside 0..1
      {"detect", image(0), "--phrase", "a", "--box-threshold", "nan"},                // no number
      {"detect", image(0), "--phrase", "a", "--model", "no-such-model"},              // unknown name
      {"detect", image(0), "--phrase", "a", "--device", "tpu"},                       // unknown device
      {"detect", image(0), "--phrase", "a", "--dtype", "int3"},                       // unknown type
      {"detect", path("missing.png").string(), "--phrase", "a"},                      // no such file
      {"detect", "--phrase", "a"},                                                    // no picture
      {"detect", image(0), "--phrase", "a", "--hat"},                                 // unknown flag
      {"detect", fmt::format("@{}", path("no-list.txt").string()), "--phrase", "a"},  // no such list
  };
  for (const auto& arguments : mistakes) {
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 2) << fmt::format("{}", fmt::join(arguments, " ")) << "\n" << run.err;
    EXPECT_FALSE(run.err.empty());
  }
}

TEST_F(Detect, ReadsListsOfPictures) {
  write_file(path("list.txt"), image(0) + "\n" + image(2) + "\n");
  const auto run =
      run_program({"detect", fmt::format("@{}", path("list.txt").string()), "--phrase", "dog", "--json", "--batch", "2"});
  ASSERT_EQ(run.status, 0) << run.err;
  ASSERT_EQ(run.lines().size(), 2U);
  EXPECT_EQ(run.lines()[1]["image"], image(2));
}

}  // namespace
}  // namespace omma
