#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/segmentation_dataset.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

TEST(YoloMasks, PolygonsAreSharesOfTheSides) {
  const testing::TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "images");
  std::filesystem::create_directories(directory / "labels");
  write_image(directory / "images/a.png", Image(8, 6));
  write_file(directory / "labels/a.txt",
             "1 .125 .333333333 .5 .333333333 .5 .833333333 .125 .833333333\n"
             "0 .5 .5 .1 .1\n0 .1 .2 .3\n7 0 0 1 0 1 1\n");
  write_file(directory / "data.yaml", "names: [cat, dog]\ntrain: images\n");
  const auto dataset = open_segmentation_dataset("yolo:" + (directory / "data.yaml").string(), "train", {.max_fault_share = 1});
  const SegmentationSample sample = dataset->load(0).sample;
  ASSERT_EQ(sample.targets.size(), 1U);
  EXPECT_EQ(sample.targets[0].box, (Box{1, 2, 4, 5}));
  EXPECT_EQ(sample.targets[0].area, 9);
  EXPECT_EQ(sample.targets[0].category, "dog");
  EXPECT_EQ(sample.targets[0].category_index, 1);
  EXPECT_EQ(dataset->report().summary(), "1 unknown_class, 2 malformed_mask");  // a box, and what is neither
  EXPECT_EQ(dataset->report().objects().left_out, 3U);
}

}  // namespace
}  // namespace omma
