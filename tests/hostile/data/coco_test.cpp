// Instances files that lie about themselves: refused whole with the reason, or told of by sample.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/validate.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class HostileCoco : public ::testing::Test {
 protected:
  std::unique_ptr<DetectionDataset> open(const std::string& text) {
    write_file(directory_ / "labels.json", text);
    return open_detection_dataset("coco:" + (directory_ / "labels.json").string(), "", {.max_fault_share = 1});
  }
  std::string refusal(const std::string& text) {
    return testing::invalid_argument_of([&] { open(text); });
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(HostileCoco, RefusesWhatIsNotInstances) {
  EXPECT_NE(refusal("").find("labels.json"), std::string::npos);
  EXPECT_NE(refusal("<html>").find("malformed JSON"), std::string::npos);
  EXPECT_NE(refusal("[]").find("expected a JSON object"), std::string::npos);
  EXPECT_NE(refusal("{}").find("\"categories\""), std::string::npos);
  EXPECT_NE(refusal(R"({"categories": [], "images": {}, "annotations": []})").find("\"images\", got object"), std::string::npos);
  EXPECT_NE(refusal(R"({"categories": [], "images": []})").find("\"annotations\", got none"), std::string::npos);
  EXPECT_NE(refusal(std::string(100'000, '[')).find("nested deeper"), std::string::npos);
  EXPECT_NE(refusal(R"({"categories": [], "images": [], "annotations": [{"bbox": [1e999, 0, 1, 1]}]})").find("malformed JSON"),
            std::string::npos);
}

TEST_F(HostileCoco, PicturesNeverLeadOutOfTheFolder) {
  const auto dataset = open(R"({"categories": [], "annotations": [], "images": [
    {"id": 1, "file_name": "../secret.png", "width": 1, "height": 1}, {"id": 2, "file_name": "/etc/passwd", "width": 1, "height": 1},
    {"id": 3, "file_name": "a/../../b.png", "width": 1, "height": 1}, {"id": 4, "file_name": "x\u0000y.png", "width": 1, "height": 1}]})");
  EXPECT_EQ(dataset->size(), 0U);
  EXPECT_EQ(dataset->report().count(DatasetFault::malformed_record), 4U);
}

TEST_F(HostileCoco, NumbersOutOfRange) {
  const auto dataset = open(R"({"categories": [{"id": 1, "name": "dog"}, {"id": -1, "name": "x"}, {"id": 1e300, "name": "y"},
      {"id": 2.5, "name": "z"}, {"id": "3", "name": "w"}, {"id": 4, "name": ""}, null],
    "images": [{"id": 1, "file_name": "a.png", "width": 10, "height": 10}, {"id": 2, "file_name": "b.png", "width": 2147483648, "height": 1},
      {"id": 3, "file_name": "c.png", "width": -1, "height": 1}, {"id": 4, "file_name": "d.png", "width": 1.5, "height": 1}],
    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1e308, 0, 1e308, 5]}, {"image_id": 1, "category_id": 1, "bbox": [-1e308, 0, 1e308, 5]},
      {"image_id": 1, "category_id": 1, "bbox": [0, 0, -5, 5]}, {"image_id": 1, "category_id": 1, "bbox": [[1], 0, 5, 5]},
      {"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "iscrowd": 7}]})");
  EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"dog", "x", "w"}));
  EXPECT_EQ(dataset->size(), 1U);
  ASSERT_EQ(dataset->sample(0).targets.size(), 1U);
  EXPECT_FALSE(dataset->sample(0).targets[0].crowd);
  EXPECT_EQ(dataset->report().count(DatasetFault::malformed_record), 4U);
  EXPECT_EQ(dataset->report().count(DatasetFault::missing_picture), 3U);  // without a usable size their pictures are looked for
  EXPECT_EQ(dataset->report().count(DatasetFault::malformed_box), 1U);
  EXPECT_EQ(dataset->report().count(DatasetFault::empty_box), 3U);
}

TEST_F(HostileCoco, ManyFaultsAreCountedNotKept) {
  std::string annotations;
  for (int i = 0; i < 50'000; ++i) annotations += (i == 0 ? "0" : ",0");
  const auto dataset = open(R"({"categories": [], "images": [], "annotations": [)" + annotations + "]}");
  EXPECT_EQ(dataset->report().total(), 50'000U);
  EXPECT_EQ(dataset->report().issues().size(), DatasetReport::max_issues);
}

TEST_F(HostileCoco, KeysThatAreNotTextStillPrint) {
  const auto dataset = open(R"({"categories": [], "annotations": [], "images": [
    {"id": 1, "file_name": "\u001b[2J\u202e.png", "width": 1, "height": 1}]})");
  EXPECT_NO_THROW(dump_json(validate(*dataset, 1).to_json()));
}

}  // namespace
}  // namespace omma
