#include "omma/data/validate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

TEST(Validate, LooksAtEveryPicture) {
  const testing::TemporaryDirectory directory;
  write_image(directory / "good.png", Image(8, 6));
  write_image(directory / "turned.png", Image(6, 8));
  write_image(directory / "large.png", Image(80, 60));
  write_file(directory / "broken.png", "not a picture");
  std::string images;
  for (const char* name : {"good", "turned", "broken", "missing", "large"})
    images += fmt::format("{}{{\"id\": \"{}\", \"file_name\": \"{}.png\", \"width\": 8, \"height\": 6}}",
                          images.empty() ? "" : ", ", name, name);
  write_file(directory / "labels.json", R"({"categories": [{"id": 1, "name": "dog"}], "annotations": [)"
                                        R"({"image_id": "large", "category_id": 1, "bbox": [1, 2, 3, 4]}], "images": [)" +
                                            images + "]}");
  const auto dataset = open_detection_dataset("coco:" + (directory / "labels.json").string(), "");
  ASSERT_EQ(dataset->size(), 5U);
  EXPECT_EQ(validate(*dataset, 2, false).total(), 0U);
  const DatasetReport report = validate(*dataset, 3);
  EXPECT_EQ(report.summary(), "1 missing_picture, 1 unreadable_picture, 1 size_mismatch, 1 inexact_size");
  EXPECT_EQ(report.records().all, 5U);
  EXPECT_EQ(report.records().left_out, 3U);  // a turned picture is used
  ASSERT_EQ(report.issues().size(), 4U);
  EXPECT_EQ(report.issues()[0].sample, "turned.png");
  EXPECT_EQ(report.issues()[1].sample, "broken.png");
  EXPECT_EQ(report.issues()[2].sample, "missing.png");
  EXPECT_EQ(report.issues()[3].sample, "large.png");
  const json written = report.to_json();
  EXPECT_EQ(written["total"], 4);
  EXPECT_EQ(written["fault_share"], .6);
  EXPECT_EQ(written["issues"][0],
            json({{"fault", "inexact_size"}, {"sample", "turned.png"}, {"message", report.issues()[0].message}}));
}

TEST(DatasetReport, KeepsTheFirstIssuesAndCountsAll) {
  DatasetReport report, other;
  for (std::size_t i = 0; i < DatasetReport::max_issues + 5; ++i) report.add(DatasetFault::empty_box, "s", "m");
  other.add(DatasetFault::size_mismatch, "t", "n");
  report.append(other);
  EXPECT_EQ(report.total(), DatasetReport::max_issues + 6);
  EXPECT_EQ(report.issues().size(), DatasetReport::max_issues);
}

}  // namespace
}  // namespace omma
