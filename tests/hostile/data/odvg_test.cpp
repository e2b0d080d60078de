#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/detection_dataset.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class HostileOdvg : public ::testing::Test {
 protected:
  std::unique_ptr<DetectionDataset> open(const std::string& text, const DetectionDatasetOptions& options = {.max_fault_share = 1}) {
    write_file(directory_ / "labels.jsonl", text);
    return open_detection_dataset("odvg:" + (directory_ / "labels.jsonl").string(), "", options);
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(HostileOdvg, EachBadLineIsReportedAndTheOthersRead) {
  const std::string good = R"({"filename": "a.jpg", "height": 6, "width": 8, "detection": {"instances": []}})";
  const auto dataset = open("\xff\xfe\n" + std::string(100'000, '[') + "\n" + std::string(1'000, '\0') + "\n[]\n\"x\"\n" + good);
  EXPECT_EQ(dataset->size(), 1U);
  EXPECT_EQ(dataset->report().count(DatasetFault::malformed_record), 5U);
}

TEST_F(HostileOdvg, EmptyFileIsAnEmptySet) { EXPECT_EQ(open("")->size(), 0U); }

TEST_F(HostileOdvg, PathsAndTypes) {
  for (const char* line : {R"({"filename": "../a.jpg", "height": 6, "width": 8, "detection": {"instances": []}})",
                           R"({"filename": ["a"], "height": 6, "width": 8, "detection": {"instances": []}})",
                           R"({"filename": "a.jpg", "height": 6, "width": 8, "detection": []})",
                           R"({"filename": "a.jpg", "height": 6, "width": 8, "grounding": {"caption": 5, "regions": []}})",
                           R"({"filename": "a.jpg", "height": 6, "width": 8, "grounding": {"caption": "x", "regions": {}}})",
                           R"({"filename": "a.jpg", "height": 6, "width": 8, "grounding": {}, "detection": {}})"}) {
    const auto dataset = open(line);
    EXPECT_EQ(dataset->size(), 0U) << line;
    EXPECT_EQ(dataset->report().count(DatasetFault::malformed_record), 1U) << line;
  }
}

TEST_F(HostileOdvg, BadInstancesCostThemselvesAlone) {
  const auto dataset = open(R"({"filename": "a.jpg", "height": 6, "width": 8, "detection": {"instances": [7, )"
                            R"({"label": -1, "bbox": [0, 0, 1, 1]}, {"label": 1e300, "bbox": [0, 0, 1, 1], "category": 5}, )"
                            R"({"category": "cat", "bbox": [0, 0, 1, 1]}]}})");
  EXPECT_EQ(dataset->sample(0).targets.size(), 1U);
  EXPECT_EQ(dataset->report().summary(), "2 unknown_class, 1 malformed_box");
}

TEST_F(HostileOdvg, PhrasesOfOddTypes) {
  for (const char* phrase : {"null", "7", "[]", "[7]", "\"\"", "{\"a\": \"cat\"}"}) {
    const auto dataset = open(
        R"({"filename": "a.jpg", "height": 6, "width": 8, "grounding": {"caption": "cat", "regions": [{"bbox": [0, 0, 1, 1], "phrase": )" +
        std::string(phrase) + "}]}}");
    EXPECT_EQ(dataset->report().count(DatasetFault::phrase_not_found), 1U) << phrase;
  }
}

TEST_F(HostileOdvg, LabelMapMustBeComplete) {
  for (const char* map : {"[]", "{\"1\": \"a\"}", "{\"0\": 5}", "{\"00\": \"a\"}", ""}) {
    write_file(directory_ / "map.json", map);
    EXPECT_NE(testing::invalid_argument_of([&] { open("", {.label_map = directory_ / "map.json"}); }).find("map.json"),
              std::string::npos)
        << map;
  }
}

}  // namespace
}  // namespace omma
