#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/detection_dataset.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class YoloReader : public ::testing::Test {
 protected:
  // A picture of 200 x 100 and, where the text is given, its labels.
  void add(const std::string& name, const std::optional<std::string>& labels = std::nullopt) {
    const auto picture = directory_ / ("images/" + name), label = directory_ / ("labels/" + name);
    std::filesystem::create_directories(picture.parent_path());
    std::filesystem::create_directories(label.parent_path());
    write_image(picture, Image(200, 100));
    if (labels) write_file(std::filesystem::path(label).replace_extension(".txt"), *labels);
  }
  std::unique_ptr<DetectionDataset> open(const std::string& yaml, const std::string& split = "train",
                                         const DetectionDatasetOptions& options = {}) {
    write_file(directory_ / "data.yaml", yaml);
    return open_detection_dataset("yolo:" + directory_.path().string(), split, options);
  }
  std::string refusal(const std::string& yaml, const std::string& split = "train") {
    return testing::invalid_argument_of([&] { open(yaml, split); });
  }
  testing::TemporaryDirectory directory_;
};

constexpr const char* box = "1 0.5 0.5 0.2 0.4\n";  // pixels 80 to 120, 30 to 70
const std::string two_names = "names: [cat, dog]\n";

TEST_F(YoloReader, ReadsBoxesAndPolygons) {
  add("train/a.png", "\xEF\xBB\xBF" + std::string(box) + "\r\n0 0.1 0.1 0.3 0.2 0.2 0.6\r\n0.0\t1 1 .5 .5\n");
  add("train/b.png", "");
  add("train/c.jpg");
  const auto dataset = open(two_names + "train: images/train\nval: images/val\n");
  EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"cat", "dog"}));
  ASSERT_EQ(dataset->size(), 3U);
  const DetectionSample sample = dataset->load(0).sample;
  EXPECT_EQ(sample.key, "images/train/a.png");
  EXPECT_EQ(sample.width, 200);
  ASSERT_EQ(sample.targets.size(), 3U);
  EXPECT_EQ(sample.targets[0].phrase, "dog");
  EXPECT_EQ(sample.targets[0].class_index, 1);
  EXPECT_NEAR(sample.targets[0].box.x0, 80, 1e-4);
  EXPECT_NEAR(sample.targets[0].box.y1, 70, 1e-4);
  EXPECT_NEAR(sample.targets[1].box.x0, 20, 1e-4);
  EXPECT_NEAR(sample.targets[1].box.x1, 60, 1e-4);
  EXPECT_NEAR(sample.targets[1].box.y1, 60, 1e-4);
  EXPECT_EQ(sample.targets[2].box, (Box{150, 75, 200, 100}));  // clipped
  EXPECT_EQ(dataset->report().summary(), "1 box_outside");
  EXPECT_TRUE(dataset->sample(1).targets.empty());
  EXPECT_TRUE(dataset->sample(2).targets.empty());
}

TEST_F(YoloReader, NamesAreAListAMapOrACount) {
  add("a.png", box);
  for (const char* names : {"names:\n- cat\n- dog\n", "names: {1: dog, 0: cat}\n", "names:\n  0: cat\n  1: dog\nnc: 2\n"})
    EXPECT_EQ(open(std::string(names) + "train: images\n")->phrases(), (std::vector<std::string>{"cat", "dog"})) << names;
  EXPECT_EQ(open("nc: 2\ntrain: images\n")->phrases().at(1), "class_1");
  EXPECT_EQ(open(two_names + "train: images", "train", {.class_phrases = {{"dog", "big dog"}}})->sample(0).targets.at(0).phrase,
            "big dog");
  for (const char* names :
       {"", "names: cat\n", "names: {0: cat, 2: dog}\n", "names: {a: cat}\n", "names: [[cat]]\n", "names: []\n"})
    EXPECT_NE(refusal(std::string(names) + "train: images\n").find("data.yaml"), std::string::npos) << names;
}

TEST_F(YoloReader, SplitsAreFoldersListsOrFiles) {
  add("train/a.png", box);
  add("val/b.png", box);
  add("more/deep/c.png", box);
  const std::string root = directory_.path().string();
  write_file(directory_ / "list.txt", "./images/train/a.png\r\n\nimages/more/deep/c.png\n");
  const auto size = [&](const std::string& yaml, const std::string& split) { return open(two_names + yaml, split)->size(); };
  EXPECT_EQ(size("train: images/train\nval: images/val", "val"), 1U);
  EXPECT_EQ(size("train: images/train\nval: images/val", ""), 2U);
  EXPECT_EQ(size("train: [images/train, images/more]", "train"), 2U);
  EXPECT_EQ(size("train: list.txt", "train"), 2U);
  EXPECT_EQ(size("train: ../images/train", "train"), 1U);  // Roboflow's way
  EXPECT_EQ(size("path: " + root + "\ntrain: images/train", "train"), 1U);
  EXPECT_EQ(size("path: /content/elsewhere\ntrain: images/train", "train"), 1U);
  EXPECT_EQ(size("path: images\ntrain: train", "train"), 1U);
  EXPECT_EQ(size("train: " + root + "/images/train\nvalid: images/val", "val"), 1U);
  EXPECT_NE(refusal(two_names + "train: images/train", "test").find("no split \"test\", but train"), std::string::npos);
  EXPECT_NE(refusal(two_names + "train: images/gone").find("gone does not exist"), std::string::npos);
  EXPECT_NE(refusal(two_names + "train: {a: b}").find("expected a folder"), std::string::npos);
}

TEST_F(YoloReader, ReportsEachFaultWithItsLine) {
  add("a.png", std::string(box) + box +
                   "2 .5 .5 .1 .1\n-1 .5 .5 .1 .1\n.5 .5 .5 .1 .1\n0 .5 .5 0 .1\n" +  // twice, three classes, empty
                   "0 50 50 10 10\n0 .5 .5 .1\n0 .1 .1 .2 .2 .3\ncat .5 .5 .1 .1\n0 nan .5 .1 .1\n");  // five that are malformed
  write_file(directory_ / "images/broken.png", "no picture");
  write_file(directory_ / "list.txt", "images/a.png\nimages/a.png\nimages/broken.png\nimages/gone.png\n../../etc/passwd\n");
  const auto dataset = open(two_names + "train: list.txt", "train", {.max_fault_share = 1});
  const DatasetReport& report = dataset->report();
  EXPECT_EQ(report.count(DatasetFault::unknown_class), 3U);
  EXPECT_EQ(report.count(DatasetFault::empty_box), 1U);
  EXPECT_EQ(report.count(DatasetFault::malformed_box), 5U);
  EXPECT_EQ(report.count(DatasetFault::unreadable_picture), 1U);
  EXPECT_EQ(report.count(DatasetFault::missing_picture), 2U);
  EXPECT_EQ(report.count(DatasetFault::duplicate_id), 2U);  // a picture, and a line, which costs nothing
  EXPECT_EQ(report.records().left_out, 4U);
  EXPECT_EQ(report.objects().all, 10U);
  EXPECT_EQ(report.objects().left_out, 9U);
  EXPECT_NE(testing::invalid_argument_of([&] { open(two_names + "train: list.txt"); }).find("over the limit of 5 %"),
            std::string::npos);
}

}  // namespace
}  // namespace omma
