#include "omma/data/annotation_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "omma/base/file.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/segmentation_dataset.h"
#include "omma/data/validate.h"
#include "omma/io/image_file.h"
#include "omma/io/label_map.h"
#include "omma/vision/run_lengths.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr int width = 12, height = 9;

RunLengths rectangle(int left, int top, int right, int bottom) {
  Mask mask(width, height);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) mask.at(x, y) = 1;
  return encode(mask);
}

AnnotatedObject everything_told() {
  return {.class_index = 1,
          .box = {1.5F, 2, 7.25F, 8},
          .mask = rectangle(2, 2, 7, 8),
          .score = .9F,
          .predicted_iou = .8F,
          .stability = .95F,
          .point = {{3.5F, 4}},
          .crop_box = Box{0, 0, 10, 9}};
}

// A whole with a part in it, and an object of which no pixel was found.
AnnotatedPicture picture_with_parts() {
  return {.index = 4,
          .file_name = "a/x.PNG",
          .name = "a-x",
          .width = width,
          .height = height,
          .objects = {everything_told(),
                      {.class_index = 0, .box = {3, 3, 5, 5}, .mask = rectangle(3, 3, 5, 5)},
                      {.class_index = 1, .box = {8, 1, 11, 4}, .mask = rectangle(0, 0, 0, 0)}}};
}

class AnnotationWriterTest : public ::testing::Test {
 protected:
  void SetUp() override { write_image(source(), Image(width, height)); }

  fs::path source() const { return directory_ / "x.png"; }
  fs::path out() const { return directory_ / "out"; }

  AnnotationWriterOptions options(MaskForm masks = MaskForm::run_lengths) const {
    return {.out = out(), .classes = {"cup", "shot glass"}, .masks = masks};
  }

  void write(const char* format, const AnnotatedPicture& picture, const AnnotationWriterOptions& options) const {
    const auto writer = open_annotation_writer(format, options);
    writer->write_picture(picture, source());
    writer->add(picture);
    writer->finish();
  }
  void write(const char* format, MaskForm masks = MaskForm::run_lengths) const {
    write(format, picture_with_parts(), options(masks));
  }

  // By our own reader, of whatever else is told nothing.
  std::vector<RunLengths> masks_read(const std::string& kind, const char* split) const {
    const auto dataset = open_segmentation_dataset(kind + ":" + out().string(), split, {.max_fault_share = 1});
    std::vector<RunLengths> masks;
    for (const SegmentationTarget& target : dataset->sample(0).targets) masks.push_back(target.mask);
    return masks;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(AnnotationWriterTest, ARecordReadsBack) {
  const AnnotatedPicture read = read_annotated_picture(dump_json(to_json(picture_with_parts())), "line 1");
  EXPECT_EQ(to_json(read), to_json(picture_with_parts()));
  const AnnotatedObject &object = read.objects[0], expected = everything_told();
  EXPECT_EQ(object.box, expected.box);
  EXPECT_EQ(object.mask, expected.mask);
  EXPECT_EQ(object.stability, expected.stability);
  EXPECT_EQ(object.point, expected.point);
  EXPECT_EQ(object.crop_box, expected.crop_box);
  EXPECT_FALSE(read.objects[1].score);
  for (const char* line : {"", "{}", "[1]", R"({"index": 1, "file_name": "x", "name": "x", "size": [2], "objects": []})",
                           R"({"index": 1, "file_name": "x", "name": "x", "size": [2, 2], "objects": [{"class": 0}]})",
                           R"({"index": 1, "file_name": "x", "name": "x", "size": [2, 2],
                               "objects": [{"class": 0, "box": [0, 0, 1, 1], "counts": "5"}]})"})
    EXPECT_EQ(testing::invalid_argument_of([&] { read_annotated_picture(line, "line 1"); }).rfind("line 1", 0), 0U) << line;
}

TEST_F(AnnotationWriterTest, CocoHasRunLengthsAndWhatIsKnownBeside) {
  write("coco");
  const json file = read_json(out() / "annotations.json");
  EXPECT_EQ(file["images"], json::parse(R"([{"id": 5, "file_name": "a-x.PNG", "width": 12, "height": 9}])"));
  EXPECT_EQ(file["categories"][1]["name"], "shot glass");
  EXPECT_EQ(file["annotations"][0], json({{"id", 1},
                                          {"image_id", 5},
                                          {"category_id", 2},
                                          {"bbox", {2, 2, 5, 6}},
                                          {"area", 30},
                                          {"iscrowd", 0},
                                          {"segmentation", rle_json(rectangle(2, 2, 7, 8))},
                                          {"score", .9},
                                          {"predicted_iou", .8},
                                          {"stability_score", .95},
                                          {"point_coords", json::array({json::array({3.5, 4})})},
                                          {"crop_box", {0, 0, 10, 9}}}));
  EXPECT_EQ(file["annotations"][2]["segmentation"], json::array());  // no pixels: the box alone
  EXPECT_EQ(file["annotations"][2]["bbox"], json({8, 1, 3, 3}));

  const auto dataset = open_detection_dataset("coco:" + out().string(), "");
  EXPECT_EQ(validate(*dataset, 1).summary(), "");
  const DetectionSample sample = dataset->sample(0);
  ASSERT_EQ(sample.targets.size(), 3U);
  EXPECT_EQ(sample.targets[0].phrase, "shot glass");
  EXPECT_EQ(sample.targets[1].box, (Box{3, 3, 5, 5}));
  EXPECT_EQ(masks_read("coco", ""), (std::vector{rectangle(2, 2, 7, 8), rectangle(3, 3, 5, 5)}));
}

TEST_F(AnnotationWriterTest, CocoHasPolygonsOrBoxesAlone) {
  write("coco", MaskForm::polygons);
  json annotations = read_json(out() / "annotations.json")["annotations"];
  EXPECT_EQ(annotations[1]["segmentation"], json::parse("[[5, 3, 5, 5, 3, 5, 3, 3]]"));
  write("coco", MaskForm::none);
  annotations = read_json(out() / "annotations.json")["annotations"];
  EXPECT_EQ(annotations[0]["bbox"], json({1.5, 2, 5.75, 6}));
  EXPECT_EQ(annotations[0]["area"], 34.5);
  EXPECT_EQ(annotations[0]["segmentation"], json::array());
}

TEST_F(AnnotationWriterTest, WithoutCopiesFilesAreNamedAsTold) {
  AnnotationWriterOptions uncopied = options();
  uncopied.copy_pictures = false;
  write("coco", picture_with_parts(), uncopied);
  EXPECT_EQ(read_json(out() / "annotations.json")["images"][0]["file_name"], "a/x.PNG");
  EXPECT_FALSE(fs::exists(out() / "images"));
}

TEST_F(AnnotationWriterTest, Sa1bHasAFileAPicture) {
  write("sa1b");
  const json file = read_json(out() / "a-x.json");
  EXPECT_EQ(file["image"], json::parse(R"({"image_id": 5, "width": 12, "height": 9, "file_name": "a-x.PNG"})"));
  ASSERT_EQ(file["annotations"].size(), 2U);  // masks alone
  EXPECT_EQ(file["annotations"][0]["crop_box"], json({0, 0, 10, 9}));
  EXPECT_EQ(file["annotations"][0]["category"], "shot glass");
  EXPECT_EQ(file["annotations"][1]["crop_box"], json({0, 0, 12, 9}));
  EXPECT_EQ(masks_read("sa1b", ""), (std::vector{rectangle(2, 2, 7, 8), rectangle(3, 3, 5, 5)}));
}

TEST_F(AnnotationWriterTest, VocHasItsObjectsInPngsWithItsPalette) {
  write("voc");
  const RunLengths part = rectangle(3, 3, 5, 5);
  const LabelMap objects = read_label_map(out() / "SegmentationObject/a-x.png");
  const LabelMap classes = read_label_map(out() / "SegmentationClass/a-x.png");
  const auto at = [](const LabelMap& map, int x, int y) { return map.values[static_cast<std::size_t>(y * width + x)]; };
  EXPECT_EQ(at(objects, 2, 2), 1U);
  EXPECT_EQ(at(objects, 3, 3), 2U);  // the part is seen, not the whole
  EXPECT_EQ(at(objects, 0, 0), 0U);
  EXPECT_EQ(at(classes, 2, 2), 2U);
  EXPECT_EQ(at(classes, 3, 3), 1U);
  const Image colors = read_image(out() / "SegmentationObject/a-x.png");
  EXPECT_EQ((std::array{colors.pixel(2, 2)[0], colors.pixel(2, 2)[1], colors.pixel(2, 2)[2]}),
            (std::array<std::uint8_t, 3>{128, 0, 0}));
  EXPECT_EQ((std::array{colors.pixel(3, 3)[0], colors.pixel(3, 3)[1], colors.pixel(3, 3)[2]}),
            (std::array<std::uint8_t, 3>{0, 128, 0}));
  EXPECT_EQ(read_file(out() / "ImageSets/Segmentation/train.txt"), "a-x\n");
  for (const char* split : {"", "train"}) {
    const DetectionSample sample = open_detection_dataset("voc:" + out().string(), split)->sample(0);
    ASSERT_EQ(sample.targets.size(), 3U);
    EXPECT_EQ(sample.targets[0].box, (Box{2, 2, 7, 8}));
    EXPECT_EQ(sample.targets[0].phrase, "shot glass");
  }
  EXPECT_EQ(masks_read("voc", "train"), (std::vector{difference_of(rectangle(2, 2, 7, 8), part), part}));
  AnnotatedPicture crowded = picture_with_parts();
  crowded.objects.resize(255, crowded.objects[1]);
  EXPECT_NE(testing::invalid_argument_of([&] { write("voc", crowded, options()); }).find("254"), std::string::npos);
}

TEST_F(AnnotationWriterTest, VocWithoutMasksHasWholePixelsAroundTheBoxes) {
  write("voc", MaskForm::none);
  EXPECT_FALSE(fs::exists(out() / "SegmentationObject"));
  EXPECT_EQ(open_detection_dataset("voc:" + out().string(), "train")->sample(0).targets[0].box, (Box{1, 2, 8, 8}));
}

TEST_F(AnnotationWriterTest, PngHasANumberAnObject) {
  write("png");
  const LabelMap map = read_label_map(out() / "labels/a-x.png");
  EXPECT_EQ(map.values[2 * width + 2], 1U);
  EXPECT_EQ(map.values[3 * width + 3], 2U);
  const json told = read_json(out() / "labels/a-x.json");
  EXPECT_EQ(told["image"], "a-x.PNG");
  EXPECT_EQ(told["objects"][1], json::parse(R"({"value": 2, "class": "cup", "bbox": [3, 3, 2, 2], "area": 4})"));
  EXPECT_EQ(masks_read("labels", "")[1], rectangle(3, 3, 5, 5));
}

TEST_F(AnnotationWriterTest, PngTakesSixteenBitsWhereThereAreManyObjects) {
  AnnotatedPicture crowded = picture_with_parts();
  crowded.objects.resize(300, crowded.objects[2]);
  crowded.objects.push_back(everything_told());
  write("png", crowded, options());
  EXPECT_EQ(read_label_map(out() / "labels/a-x.png").values[2 * width + 6], 1U);  // of equal masks the first one
  crowded.objects.front().mask = rectangle(0, 0, 0, 0);
  write("png", crowded, options());
  EXPECT_EQ(read_label_map(out() / "labels/a-x.png").values[2 * width + 6], 301U);
}

TEST_F(AnnotationWriterTest, LabelMapsReadBackEqual) {
  const std::array<PaletteColor, 3> palette = {{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}};
  const auto read_back = [](const LabelMap& map, std::span<const PaletteColor> colors) {
    return decode_label_map(encode_label_map(map, colors), "map").values;
  };
  for (const std::uint32_t largest : {2U, 255U, 256U, 65'535U}) {
    const LabelMap map{3, 2, {0, 1, 2, largest, 0, 1}};
    EXPECT_EQ(read_back(map, {}), map.values);
    if (largest < palette.size())
      EXPECT_EQ(read_back(map, palette), map.values);
    else
      EXPECT_THROW(encode_label_map(map, palette), std::invalid_argument);
  }
  EXPECT_THROW(encode_label_map({1, 1, {65'536}}), std::invalid_argument);
  EXPECT_THROW(encode_label_map({}), std::invalid_argument);
}

TEST_F(AnnotationWriterTest, OdvgIsReadBackByItsLabelsAndByItsNames) {
  write("odvg", MaskForm::none);
  for (const fs::path& label_map : {fs::path(), out() / "label_map.json"}) {
    const auto data = open_detection_dataset("odvg:" + (out() / "annotations.jsonl").string(), "", {.label_map = label_map});
    EXPECT_EQ(data->report().summary(), "");
    const DetectionSample sample = data->sample(0);
    EXPECT_EQ(std::pair(sample.width, sample.height), std::pair(width, height));
    ASSERT_EQ(sample.targets.size(), 3U);
    EXPECT_EQ(sample.targets[0].box, (Box{1.5F, 2, 7.25F, 8}));
    EXPECT_EQ(sample.targets[0].phrase, "shot glass");
    EXPECT_EQ(sample.targets[1].phrase, "cup");
    EXPECT_EQ(data->image(0).width, width);
  }
}

TEST_F(AnnotationWriterTest, RefusesWhatItCannotWrite) {
  const auto fault = [&](const char* format, const AnnotatedPicture& picture, const AnnotationWriterOptions& options) {
    return testing::invalid_argument_of([&] { write(format, picture, options); });
  };
  EXPECT_NE(fault("xml", picture_with_parts(), options()).find("coco, sa1b, yolo, voc, png, odvg"), std::string::npos);
  EXPECT_NE(fault("coco", picture_with_parts(), {.out = out(), .classes = {}}).find("expected classes"), std::string::npos);
  EXPECT_NE(fault("coco", picture_with_parts(), {.out = out(), .classes = {"cup"}}).find("class of 0 to 0"), std::string::npos);
  for (const char* format : {"sa1b", "png"})
    EXPECT_NE(fault(format, picture_with_parts(), options(MaskForm::none)).find("nothing but masks"), std::string::npos);
  AnnotatedPicture other_size = picture_with_parts();
  other_size.width = 13;
  EXPECT_NE(fault("odvg", picture_with_parts(), options()).find("boxes alone"), std::string::npos);
  for (const AnnotationFormat& format : annotation_formats()) {
    const MaskForm masks = format.name == "odvg" ? MaskForm::none : MaskForm::run_lengths;
    EXPECT_NE(fault(format.name.data(), other_size, options(masks)).find("a mask of 13 x 9"), std::string::npos) << format.name;
  }
}

}  // namespace
}  // namespace omma
