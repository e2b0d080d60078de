#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/data/detection_dataset.h"
#include "omma/io/image_file.h"
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

// Stored as it is, to be turned by a quarter (EXIF orientation 6).
std::string turned_jpeg(const Image& stored) {
  const std::vector<std::uint8_t> jpeg = encode_jpeg(stored);
  const std::string exif(
      "\xFF\xE1\x00\x22"
      "Exif\0\0"
      "II*\0\x08\0\0\0"
      "\1\0"
      "\x12\1\3\0\1\0\0\0\6\0\0\0"
      "\0\0\0\0",
      36);
  return std::string(jpeg.begin(), jpeg.begin() + 2) + exif + std::string(jpeg.begin() + 2, jpeg.end());
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
  const auto dataset = open(labels, {.max_fault_share = 1});
  const DatasetReport& report = dataset->report();
  EXPECT_EQ(dataset->size(), 2U);
  EXPECT_EQ(report.count(DatasetFault::empty_box), 2U);         // 1, and 3 once clipped
  EXPECT_EQ(report.count(DatasetFault::box_outside), 2U);       // 2 and 3
  EXPECT_EQ(report.count(DatasetFault::unknown_class), 2U);     // 4 and 8
  EXPECT_EQ(report.count(DatasetFault::unknown_picture), 1U);   // 5
  EXPECT_EQ(report.count(DatasetFault::malformed_box), 2U);     // 6 and the first 7
  EXPECT_EQ(report.count(DatasetFault::duplicate_id), 1U);      // image 10; 7 is but a name
  EXPECT_EQ(report.count(DatasetFault::malformed_record), 2U);  // 9, 17
  EXPECT_EQ(report.count(DatasetFault::missing_picture), 1U);   // image 30, which has no size either
  EXPECT_EQ(report.total(), 13U);
  EXPECT_EQ(report.records().all, 4U);
  EXPECT_EQ(report.records().left_out, 2U);
  EXPECT_EQ(report.objects().all, 11U);
  EXPECT_EQ(report.objects().left_out, 9U);
  ASSERT_EQ(dataset->sample(1).targets.size(), 2U);
  EXPECT_EQ(dataset->sample(1).targets[0].box, (Box{0, 2, 5, 22}));
  for (const DatasetIssue& issue : report.issues()) EXPECT_FALSE(issue.sample.empty() || issue.message.empty());
  EXPECT_EQ(report.to_json()["counts"]["empty_box"], 2);
}

TEST_F(CocoReader, RefusesMoreFaultsThanItsShare) {
  json labels = small_coco();
  for (int i = 0; i < 57; ++i) labels["annotations"].push_back(labels["annotations"][0]);
  for (int i = 0; i < 3; ++i) labels["annotations"].push_back({{"image_id", 20}, {"category_id", 3}, {"bbox", {1, 2, 0, 20}}});
  EXPECT_EQ(open(labels)->report().objects().left_out, 3U);  // of 63
  labels["annotations"].push_back({{"image_id", 20}, {"category_id", 9}, {"bbox", {1, 2, 3, 4}}});
  const std::string refusal = testing::invalid_argument_of([&] { open(labels); });
  EXPECT_NE(refusal.find("4 of 64 objects are faulty, over the limit of 5 %: 1 unknown_class, 3 empty_box; first b.png"),
            std::string::npos)
      << refusal;
  EXPECT_EQ(open(labels, {.max_fault_share = .07})->size(), 2U);
}

TEST_F(CocoReader, SaysWhyNothingIsLeft) {
  json labels = small_coco();
  for (json& annotation : labels["annotations"]) annotation["category_id"] = 9;
  EXPECT_NE(testing::invalid_argument_of([&] { open(labels, {.max_fault_share = .999}); }).find("no usable box: 3 unknown_class"),
            std::string::npos);
  labels["images"] = json::array();
  EXPECT_NE(testing::invalid_argument_of([&] { open(labels); }).find("no usable picture: 3 unknown_picture"), std::string::npos);
}

TEST_F(CocoReader, ClippedBoxesAreToldAndCostNothing) {
  json labels = small_coco();
  for (json& annotation : labels["annotations"]) annotation["bbox"] = {-5, 0, 20, 20};
  const auto dataset = open(labels);
  EXPECT_EQ(dataset->report().count(DatasetFault::box_outside), 3U);
  EXPECT_EQ(dataset->report().fault_share(), 0);
  EXPECT_EQ(dataset->sample(1).targets.at(0).box, (Box{0, 0, 15, 20}));
}

TEST_F(CocoReader, RefusesAPhraseForAClassThatIsNotThere) {
  EXPECT_NE(testing::invalid_argument_of([&] {
              open(small_coco(), {.class_phrases = {{"dgo", "dog"}}});
            }).find("no class is called \"dgo\" (for which the phrase \"dog\" was given); the classes are dog, traffic light"),
            std::string::npos);
}

// As Label Studio, coco-annotator, CVAT, Roboflow and datumaro write it, and Python's json.
TEST_F(CocoReader, ReadsWhatToolsWrite) {
  for (const char* name : {"a.png", "b.png"}) write_image(directory_ / name, Image(40, 30));
  for (const std::string size : {"", R"(, "width": null, "height": null)", R"(, "width": 0, "height": 0)",
                                 R"(, "width": "40", "height": "30")", R"(, "width": 40.0, "height": 30.0)"}) {
    write_file(directory_ / "labels.json", R"({"info": NaN, "licenses": [Infinity, -Infinity, "NaN \" NaN"],
      "categories": [{"id": "1", "name": "NaN"}, {"id": "x", "name": "dog"}],
      "images": [{"id": "im_1", "file_name": "a.png")" +
                                               size + R"(}, {"id": 2.0, "file_name": "b.png")" + size + R"(}],
      "annotations": [{"id": 7, "image_id": "im_1", "category_id": 1, "bbox": [1, 2, 3, 4], "area": NaN, "iscrowd": false},
        {"id": 7, "image_id": "2", "category_id": "1", "bbox": [1, 2, 3, 4], "iscrowd": null},
        {"image_id": 2, "category_id": "x", "bbox": [1, 2, 3, 4], "iscrowd": "0"},
        {"id": [], "image_id": 2, "category_id": "x", "bbox": [1, 2, 3, 4], "iscrowd": {}},
        {"image_id": 2, "category_id": "x", "bbox": [1, 2, 3, 4], "iscrowd": "1"}]})");
    const auto dataset = open_detection_dataset("coco:" + (directory_ / "labels.json").string(), "");
    EXPECT_EQ(dataset->report().summary(), "") << size;
    EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"NaN", "dog"}));
    ASSERT_EQ(dataset->size(), 2U);
    EXPECT_EQ(dataset->sample(0).width, 40) << size;
    EXPECT_EQ(dataset->sample(0).targets.size(), 1U);
    ASSERT_EQ(dataset->sample(1).targets.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(dataset->sample(1).targets[i].crowd, i == 3);
  }
}

TEST_F(CocoReader, FindsPicturesWhereTheyAre) {
  std::filesystem::create_directories(directory_ / "images/sub");
  write_image(directory_ / "images/a.png", Image(100, 50));
  write_image(directory_ / "images/sub/a.png", Image(100, 50));
  write_image(directory_ / "images/back\\slash.png", Image(100, 50));
  json labels = small_coco();
  labels["images"].erase(1);
  labels["annotations"].erase(0);
  const auto found = [&](const std::string& name) {
    labels["images"][0]["file_name"] = name;
    return open(labels, {.max_fault_share = 1})->has_image(0);
  };
  for (const char* name : {"a.png", "sub/a.png", "images/a.png", "images\\a.png", "images\\1/a.png", "data/images/sub/a.png",
                           "C:\\data\\a.png", "/elsewhere/images/a.png", "../images/a.png", "back\\slash.png"})
    EXPECT_TRUE(found(name)) << name;
  for (const char* name : {"b.png", "images/b.png"}) EXPECT_FALSE(found(name)) << name;
  labels["images"][0]["file_name"] = "1/a.png";  // two names never guess the same file
  labels["images"].push_back({{"id", 11}, {"file_name", "2/a.png"}, {"width", 100}, {"height", 50}});
  const auto dataset = open(labels);
  EXPECT_TRUE(dataset->has_image(0));
  EXPECT_FALSE(dataset->has_image(1));
}

TEST_F(CocoReader, FindsPicturesBesideAnnotations) {
  for (const char* folder : {"annotations", "images"}) std::filesystem::create_directories(directory_ / folder);
  write_image(directory_ / "images/a.png", Image(100, 50));
  write_file(directory_ / "annotations/instances_default.json", dump_json(small_coco()));
  EXPECT_TRUE(open_detection_dataset("coco:" + (directory_ / "annotations/instances_default.json").string(), "")->has_image(0));
}

TEST_F(CocoReader, ThePictureDecidesWhereTheBorderIs) {
  // Stored 40 x 30 and to be turned, so upright 30 x 40; the labels are upright but tell the stored size, as phones' pictures get
  // it.
  write_file(directory_ / "a.png", turned_jpeg(Image(40, 30)));
  write_image(directory_ / "b.png", Image(64, 64));
  json labels = small_coco();
  labels["images"][0].update({{"width", 40}, {"height", 30}});
  labels["annotations"] = json::parse(R"([{"image_id": 10, "category_id": 7, "bbox": [10, 32, 15, 7]},
    {"image_id": 10, "category_id": 7, "bbox": [10, 32, 25, 7]}, {"image_id": 20, "category_id": 7, "bbox": [1, 2, 3, 4]}])");
  const auto dataset = open(labels);
  EXPECT_EQ(dataset->report().summary(), "1 box_outside, 1 inexact_size");
  const auto [sample, image] = dataset->load(0);
  EXPECT_EQ(sample.width, 30);
  EXPECT_EQ(image.height, 40);
  EXPECT_EQ(sample.targets.at(0).box, (Box{10, 32, 25, 39}));
  EXPECT_EQ(sample.targets.at(1).box, (Box{10, 32, 30, 39}));

  // Labels of another scale fit nothing: seen when the picture is, or at once where a box passes their border.
  EXPECT_NE(testing::invalid_argument_of([&] { dataset->load(1); }).find("the labels say 30 x 40, the picture is 64 x 64"),
            std::string::npos);
  labels["annotations"][2]["bbox"] = {1, 2, 50, 4};
  const auto without = open(labels, {.max_fault_share = .5});
  EXPECT_EQ(without->size(), 1U);
  EXPECT_EQ(without->report().count(DatasetFault::size_mismatch), 1U);
}

TEST_F(CocoReader, FindsSplitsInAFolder) {
  std::filesystem::create_directories(directory_ / "annotations");
  std::filesystem::create_directories(directory_ / "val2017");
  json val = small_coco();
  val["images"].erase(1);
  val["annotations"].erase(0);
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
  val["annotations"].erase(0);
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
