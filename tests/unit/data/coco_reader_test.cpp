#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/data/detection_dataset.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

json small_coco() {
  return json::parse(R"({
    "categories": [{"id": 7, "name": "dog"}, {"id": 3, "name": "traffic light"}],
    "images": [{"id": 10, "file_name": "a.png", "width": 100, "height": 50}, {"id": 20, "file_name": "b.png", "width": 30, "height": 40}],
    "annotations": [
      {"id": 1, "image_id": 20, "category_id": 3, "bbox": [1, 2, 10.5, 20], "iscrowd": 0, "area": 210, "segmentation": [[1, 2, 3, 4]]},
      {"id": 2, "image_id": 10, "category_id": 7, "bbox": [0, 0, 100, 50], "iscrowd": 1, "segmentation": {"counts": "x"}},
      {"id": 3, "image_id": 10, "category_id": 3, "bbox": [90, 40, 10.3, 10]}]})");
}

class CocoReader : public ::testing::Test {
 protected:
  std::unique_ptr<DetectionDataset> open(const json& labels, const DetectionDatasetOptions& options = {}) {
    write_file(directory_ / "labels.json", dump_json(labels));
    return open_detection_dataset("coco:" + (directory_ / "labels.json").string(), "", options);
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(CocoReader, ReadsBoxesClassesAndCrowds) {
  const auto dataset = open(small_coco());
  EXPECT_EQ(dataset->report().summary(), "");
  EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"dog", "traffic light"}));
  ASSERT_EQ(dataset->size(), 2U);
  const DetectionSample first = dataset->sample(0), second = dataset->sample(1);
  EXPECT_EQ(first.key, "a.png");
  EXPECT_EQ(first.width, 100);
  ASSERT_EQ(first.targets.size(), 2U);
  EXPECT_TRUE(first.targets[0].crowd);
  EXPECT_EQ(first.targets[0].class_index, 0);
  EXPECT_EQ(first.targets[1].box, (Box{90, 40, 100, 50}));  // .3 pixels past the border are rounding
  ASSERT_EQ(second.targets.size(), 1U);
  EXPECT_EQ(second.targets[0].box, (Box{1, 2, 11.5F, 22}));
  EXPECT_EQ(second.targets[0].phrase, "traffic light");
  EXPECT_EQ(second.targets[0].class_index, 1);
  EXPECT_FALSE(second.targets[0].crowd);
}

TEST_F(CocoReader, MapsClassesToPhrases) {
  const auto dataset = open(small_coco(), {.class_phrases = {{"traffic light", "signal"}}});
  EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"dog", "signal"}));
}

TEST_F(CocoReader, ReportsEachFaultWithItsSample) {
  json labels = small_coco();
  labels["annotations"] = json::parse(R"([
    {"id": 1, "image_id": 20, "category_id": 3, "bbox": [1, 2, 0, 20]},
    {"id": 2, "image_id": 20, "category_id": 3, "bbox": [-5, 2, 10, 20]},
    {"id": 3, "image_id": 20, "category_id": 3, "bbox": [50, 2, 10, 20]},
    {"id": 4, "image_id": 20, "category_id": 9, "bbox": [1, 2, 3, 4]},
    {"id": 5, "image_id": 99, "category_id": 3, "bbox": [1, 2, 3, 4]},
    {"id": 6, "image_id": 20, "category_id": 3, "bbox": [1, 2, 3]},
    {"id": 7, "image_id": 20, "category_id": 3, "bbox": [1, 2, 3, null]},
    {"id": 7, "image_id": 20, "category_id": 3, "bbox": [1, 2, 3, 4]},
    {"id": 8, "image_id": 20, "category_id": -1, "bbox": [1, 2, 3, 4]},
    {"id": 9, "image_id": 20},
    17])");
  labels["images"].push_back({{"id", 10}, {"file_name", "c.png"}, {"width", 1}, {"height", 1}});
  labels["images"].push_back({{"id", 30}, {"file_name", "d.png"}});
  const auto dataset = open(labels);
  const DatasetReport& report = dataset->report();
  EXPECT_EQ(dataset->size(), 2U);
  EXPECT_EQ(report.count(DatasetFault::empty_box), 2U);         // 1, and 3 once clipped
  EXPECT_EQ(report.count(DatasetFault::box_outside), 2U);       // 2 and 3
  EXPECT_EQ(report.count(DatasetFault::unknown_class), 1U);     // 4
  EXPECT_EQ(report.count(DatasetFault::unknown_picture), 1U);   // 5
  EXPECT_EQ(report.count(DatasetFault::malformed_box), 2U);     // 6 and the first 7
  EXPECT_EQ(report.count(DatasetFault::duplicate_id), 2U);      // the second 7, image 10
  EXPECT_EQ(report.count(DatasetFault::malformed_record), 4U);  // 8, 9, 17, image 30
  EXPECT_EQ(report.total(), 14U);
  ASSERT_EQ(dataset->sample(1).targets.size(), 1U);
  EXPECT_EQ(dataset->sample(1).targets[0].box, (Box{0, 2, 5, 22}));
  for (const DatasetIssue& issue : report.issues()) EXPECT_FALSE(issue.sample.empty() || issue.message.empty());
  EXPECT_EQ(report.to_json()["counts"]["empty_box"], 2);
}

TEST_F(CocoReader, FindsSplitsInAFolder) {
  std::filesystem::create_directories(directory_ / "annotations");
  std::filesystem::create_directories(directory_ / "val2017");
  json val = small_coco();
  val["images"].erase(1);
  write_file(directory_ / "annotations/instances_train2017.json", dump_json(small_coco()));
  write_file(directory_ / "annotations/instances_val2017.json", dump_json(val));
  write_file(directory_ / "val2017/a.png", "");
  const std::string spec = "coco:" + directory_.path().string();
  EXPECT_EQ(open_detection_dataset(spec, "train")->size(), 2U);
  const auto dataset = open_detection_dataset(spec, "val");
  EXPECT_EQ(dataset->size(), 1U);
  EXPECT_TRUE(dataset->has_image(0));
  EXPECT_NE(testing::invalid_argument_of([&] { open_detection_dataset(spec, "test"); }).find("instances_test*.json"),
            std::string::npos);
  EXPECT_THROW(open_detection_dataset(spec, ""), std::invalid_argument);  // two to choose from
}

TEST_F(CocoReader, FindsAFileNamedAfterTheSplit) {
  std::filesystem::create_directories(directory_ / "images");
  json val = small_coco();
  val["images"].erase(1);
  write_file(directory_ / "train.json", dump_json(small_coco()));
  write_file(directory_ / "val.json", dump_json(val));
  write_file(directory_ / "images/a.png", "");
  const std::string spec = "coco:" + directory_.path().string();
  EXPECT_EQ(open_detection_dataset(spec, "train")->size(), 2U);
  const auto dataset = open_detection_dataset(spec, "val");
  EXPECT_EQ(dataset->size(), 1U);
  EXPECT_TRUE(dataset->has_image(0));
  EXPECT_NE(testing::invalid_argument_of([&] { open_detection_dataset(spec, "test"); }).find("test.json"), std::string::npos);
}

}  // namespace
}  // namespace omma
