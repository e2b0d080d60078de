#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/annotation_writer.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/segmentation_dataset.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

RunLengths yolo_rectangle(int left, int top, int right, int bottom) {
  Mask mask(12, 9);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) mask.at(x, y) = 1;
  return encode(mask);
}

void write_yolo(const fs::path& folder, MaskForm masks) {
  const AnnotatedPicture picture{.index = 0,
                                 .file_name = "x.png",
                                 .name = "x",
                                 .width = 12,
                                 .height = 9,
                                 .objects = {{.class_index = 1, .box = {1.5F, 2, 7.25F, 8}, .mask = yolo_rectangle(2, 2, 7, 8)},
                                             {.class_index = 0, .box = {8, 1, 11, 4}, .mask = yolo_rectangle(0, 0, 0, 0)}}};
  write_image(folder / "x.png", Image(12, 9));
  const auto writer = open_annotation_writer("yolo", {.out = folder / "out", .classes = {"cup", "shot \"glass\""}, .masks = masks});
  writer->write_picture(picture, folder / "x.png");
  writer->add(picture);
  writer->finish();
}

TEST(YoloWriter, WritesAPolygonAnObject) {
  const testing::TemporaryDirectory directory;
  write_yolo(directory.path(), MaskForm::run_lengths);
  EXPECT_EQ(read_file(directory / "out/labels/x.txt"),
            "1 0.1666667 0.2222222 0.5833333 0.2222222 0.5833333 0.8888889 0.1666667 0.8888889\n"
            "0 0.6666667 0.1111111 0.9166667 0.1111111 0.9166667 0.4444444 0.6666667 0.4444444\n");  // of the box alone
  const std::string spec = "yolo:" + (directory / "out").string();
  EXPECT_EQ(open_segmentation_dataset(spec, "train")->sample(0).targets[0].mask, yolo_rectangle(2, 2, 7, 8));
  EXPECT_EQ(open_segmentation_dataset(spec, "")->size(), 1U);  // though two splits have it
  const auto dataset = open_detection_dataset(spec, "train");
  EXPECT_EQ(dataset->sample(0).targets.size(), 2U);
  EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"cup", "shot \"glass\""}));
}

TEST(YoloWriter, WritesABoxAnObjectWhereThereAreNoMasks) {
  const testing::TemporaryDirectory directory;
  write_yolo(directory.path(), MaskForm::none);
  EXPECT_EQ(read_file(directory / "out/labels/x.txt"),
            "1 0.3645833 0.5555556 0.4791667 0.6666667\n0 0.7916667 0.2777778 0.25 0.3333333\n");
}

}  // namespace
}  // namespace omma
