// Mask labels that lie about themselves: refused with the reason, or told of by sample, and never for the price of what they claim.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "omma/base/file.h"
#include "omma/data/segmentation_dataset.h"
#include "omma/data/validate.h"
#include "omma/io/image_file.h"
#include "omma/io/label_map.h"
#include "omma/vision/mask.h"
#include "tests/label_png.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class HostileMasks : public ::testing::Test {
 protected:
  // Of the one annotation's segmentation, in a picture that claims to be this large.
  std::unique_ptr<SegmentationDataset> open(const std::string& segmentation, int width = 8, int height = 6) {
    write_file(directory_ / "labels.json",
               R"({"categories": [{"id": 1, "name": "dog"}], "images": [{"id": 1, "file_name": "a.png", "width": )" +
                   std::to_string(width) + R"(, "height": )" + std::to_string(height) +
                   R"(}], "annotations": [{"image_id": 1, "category_id": 1, "segmentation": )" + segmentation + "}]}");
    return open_segmentation_dataset("coco:" + (directory_ / "labels.json").string(), "", {.max_fault_share = 1});
  }
  void expect_malformed(const std::string& segmentation) {
    const auto dataset = open(segmentation);
    EXPECT_EQ(dataset->report().count(DatasetFault::malformed_mask), 1U) << segmentation.substr(0, 80);
    EXPECT_EQ(dataset->sample(0).targets.size(), 0U) << segmentation.substr(0, 80);
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(HostileMasks, ShapesOfNoForm) {
  for (const char* shape : {"7",
                            "\"0\"",
                            "true",
                            "{}",
                            "[[]]",
                            "[{}]",
                            "[[[0, 0, 1, 0, 1, 1]]]",
                            "[null]",
                            "[[0, 0, 1, 0, 1, NaN]]",
                            "[[0, 0, 1, 0, 1, Infinity]]",
                            "[[0, 0, 1, 0, 1, 1e308]]",
                            R"({"size": [6, 8]})",
                            R"({"counts": [48]})",
                            R"({"size": [6, 8], "counts": 48})",
                            R"({"size": [6, 8], "counts": [48, null]})",
                            R"({"size": [6, 8], "counts": [0.5, 47.5]})",
                            R"({"size": [6, 8], "counts": [NaN]})",
                            R"({"size": [6, 8], "counts": [4294967296, 48]})",
                            R"({"size": [6, 8], "counts": [48, 1]})",
                            R"({"size": [6, 8], "counts": []})",
                            R"({"size": [6, 8], "counts": ""})",
                            R"({"size": [6, 8], "counts": "oooooooooooooooooooo"})",
                            R"({"size": [6, 8], "counts": "\u00ff"})",
                            R"({"size": [-6, -8], "counts": [48]})",
                            R"({"size": [1e9, 1e9], "counts": [1e18]})"})
    expect_malformed(shape);
}

TEST_F(HostileMasks, HugePicturesCostNothing) {
  // Four gigapixels of labels: told, not allocated.
  EXPECT_EQ(open("[[0, 0, 60000, 0, 60000, 60000]]", 65535, 65535)->report().count(DatasetFault::malformed_mask), 1U);
  const auto large = open("[[0, 0, 30000, 0, 30000, 30000]]", 40000, 40000);
  EXPECT_EQ(large->report().total(), 0U);
  EXPECT_NEAR(large->sample(0).targets.at(0).area, 4.5e8, 1e5);
  EXPECT_EQ(open(R"({"size": [65535, 65535], "counts": [4294836225]})", 65535, 65535)->report().count(DatasetFault::malformed_mask),
            1U);
}

TEST_F(HostileMasks, LongOutlinesEndInTime) {
  // A comb of 100,000 long teeth, and a tangle of as many points far out of the picture.
  std::string comb = "[[0, 0", tangle = "[[0, 0";
  std::minstd_rand random(3);
  for (int i = 0; i < 50'000; ++i) {
    comb += fmt::format(",{},{},{},{}", i % 2 == 0 ? 8 : 0, i * 1e-4, i % 2 == 0 ? 8 : 0, i * 1e-4 + 5e-5);
    tangle += fmt::format(",{},{}", static_cast<int>(random() % 20'000) - 10'000, static_cast<int>(random() % 20'000) - 10'000);
  }
  EXPECT_EQ(open(comb + "]]")->sample(0).targets.size(), 1U);
  EXPECT_EQ(open(comb + "]]", 32'000, 6)->sample(0).targets.size(), 1U);  // eight columns wide, whatever the picture
  EXPECT_EQ(open(tangle + "]]", 32'000, 6)->report().count(DatasetFault::malformed_mask), 1U);  // gigabytes of columns
  const auto tangled = open(tangle + "]]");
  EXPECT_EQ(tangled->report().count(DatasetFault::crossing_polygon), 1U);
  EXPECT_EQ(tangled->report().count(DatasetFault::mask_outside), 1U);
}

TEST(HostileLabelMaps, WhatIsNoLabelMapIsRefused) {
  const auto refusal = [](const std::string& bytes) {
    return testing::invalid_argument_of(
        [&] { decode_label_map(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), "a.png"); });
  };
  const std::string png = testing::label_png(8, 6, std::vector<std::uint32_t>(48, 1), testing::LabelForm::gray);
  EXPECT_EQ(refusal(png), "");
  EXPECT_NE(refusal("").find("a.png: expected a label map in PNG"), std::string::npos);
  EXPECT_NE(refusal("\xFF\xD8\xFF\xE0").find("got JPEG"), std::string::npos);
  for (std::size_t size = 8; size + 20 < png.size(); ++size) EXPECT_NE(refusal(png.substr(0, size)), "") << size;
  std::string huge = png;
  huge.replace(16, 8, std::string("\0\0\xFF\xFF\0\0\xFF\xFF", 8));
  EXPECT_NE(refusal(huge), "");
  std::string deep_colour = png;
  deep_colour[24] = 16;
  deep_colour[25] = 2;
  EXPECT_NE(refusal(deep_colour), "");
}

TEST(HostileLabelMaps, AsManyValuesAsPixels) {
  const testing::TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "images");
  std::filesystem::create_directories(directory / "labels");
  std::vector<std::uint32_t> values(400 * 300);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i);
  write_image(directory / "images/a.png", Image(400, 300));
  write_file(directory / "labels/a.png", testing::label_png(400, 300, values, testing::LabelForm::colour));
  const auto dataset = open_segmentation_dataset("labels:" + directory.path().string(), "", {.max_fault_share = 1});
  EXPECT_EQ(dataset->size(), 0U);
  ASSERT_EQ(dataset->report().count(DatasetFault::malformed_record), 1U);
  EXPECT_NE(dataset->report().issues().front().message.find("more than 65535 different values"), std::string::npos);
}

TEST_F(HostileMasks, DeepAndHugeSa1bFiles) {
  std::filesystem::create_directories(directory_ / "set");
  write_image(directory_ / "set/a.png", Image(8, 6));
  for (const std::string& text :
       {std::string(100'000, '['), std::string("{\"annotations\": {}}"), std::string("7"), std::string("\xFF")}) {
    write_file(directory_ / "set/a.json", text);
    const auto dataset = open_segmentation_dataset("sa1b:" + (directory_ / "set").string(), "", {.max_fault_share = 1});
    EXPECT_EQ(dataset->report().count(DatasetFault::malformed_record), 1U) << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace omma
