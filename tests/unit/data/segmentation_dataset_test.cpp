// Masks of every format, each beside what is wrong in it.
#include "omma/data/segmentation_dataset.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/data/validate.h"
#include "omma/io/image_file.h"
#include "omma/vision/run_lengths.h"
#include "tests/label_png.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

// The pixels of a picture of 8 x 6 for which `is_set` holds.
RunLengths drawn(const std::function<bool(int x, int y)>& is_set) {
  Mask mask(8, 6);
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 8; ++x) mask.at(x, y) = is_set(x, y);
  return encode(mask);
}

RunLengths rectangle(int x0, int y0, int x1, int y1) {
  return drawn([=](int x, int y) { return x >= x0 && x < x1 && y >= y0 && y < y1; });
}

class SegmentationData : public ::testing::Test {
 protected:
  void add_picture(const std::string& name, int width = 8, int height = 6) {
    std::filesystem::create_directories((directory_ / name).parent_path());
    write_image(directory_ / name, Image(width, height));
  }
  void add_file(const std::string& name, std::string_view text) {
    std::filesystem::create_directories((directory_ / name).parent_path());
    write_file(directory_ / name, text);
  }
  std::unique_ptr<SegmentationDataset> open(const std::string& kind, const std::string& path, const std::string& split = "",
                                            const SegmentationDatasetOptions& options = {.max_fault_share = 1}) {
    return open_segmentation_dataset(kind + ":" + (directory_ / path).string(), split, options);
  }
  // Annotations of the one picture a.png, of 8 x 6.
  std::unique_ptr<SegmentationDataset> open_coco(const json& annotations,
                                                 const SegmentationDatasetOptions& options = {.max_fault_share = 1}) {
    add_picture("images/a.png");
    json labels = {{"categories", {{{"id", 4}, {"name", "dog"}}, {{"id", 2}, {"name", "cat"}}}},
                   {"images", {{{"id", 1}, {"file_name", "a.png"}, {"width", 8}, {"height", 6}}}},
                   {"annotations", annotations}};
    for (json& annotation : labels["annotations"]) {
      annotation["image_id"] = 1;
      if (!annotation.contains("category_id")) annotation["category_id"] = 2;
    }
    add_file("labels.json", dump_json(labels));
    return open("coco", "labels.json", "", options);
  }
  static json segmentation(const char* text) { return {{"segmentation", json::parse(text)}}; }

  testing::TemporaryDirectory directory_;
};

TEST_F(SegmentationData, CocoPolygonsAndRunLengthsAreMasks) {
  const std::string compressed = compress(rectangle(1, 2, 4, 5));
  const json text = {{"segmentation", {{"size", {6, 8}}, {"counts", compressed}}}, {"iscrowd", 1}, {"area", 7.5}};
  const auto dataset = open_coco(
      {segmentation("[[1, 2, 4, 2, 4, 5, 1, 5]]"), segmentation("[[0, 0, 2, 0, 2, 2, 0, 2], [5, 3, 8, 3, 8, 6, 5, 6]]"),
       segmentation(R"({"size": [6, 8], "counts": [8, 3, 3, 3, 3, 3, 25]})"), text, segmentation("[1, 2, 4, 2, 4, 5, 1, 5]")});
  EXPECT_EQ(dataset->report().summary(), "");
  EXPECT_EQ(dataset->categories(), (std::vector<std::string>{"dog", "cat"}));
  const SegmentedImage loaded = dataset->load(0);
  EXPECT_EQ(loaded.sample.key, "a.png");
  ASSERT_EQ(loaded.sample.targets.size(), 5U);
  const RunLengths square = rectangle(1, 2, 4, 5);
  for (const std::size_t i : {0U, 2U, 3U, 4U}) EXPECT_EQ(loaded.sample.targets[i].mask, square) << i;
  const RunLengths parts = drawn([](int x, int y) { return (x < 2 && y < 2) || (x >= 5 && y >= 3); });  // of one annotation, united
  EXPECT_EQ(loaded.sample.targets[1].mask, parts);
  const SegmentationTarget& crowd = loaded.sample.targets[3];
  EXPECT_TRUE(crowd.crowd);
  EXPECT_EQ(crowd.area, 7.5);
  EXPECT_EQ(crowd.box, (Box{1, 2, 4, 5}));
  EXPECT_EQ(crowd.category, "cat");
  EXPECT_EQ(crowd.category_index, 1);
  EXPECT_EQ(loaded.sample.targets[0].area, 9);
  EXPECT_FALSE(loaded.sample.targets[0].crowd);
}

TEST_F(SegmentationData, EachFaultOfACocoMaskIsToldAndCounted) {
  const auto dataset = open_coco({
      segmentation("[]"),                                                      // malformed: none,
      segmentation("null"),                                                    // as detection data have it,
      segmentation("[[1, 2, 4, 2, 4]]"),                                       // half a point,
      segmentation("[[1, 2, \"4\", 2, 4, 5]]"),                                // no number,
      segmentation("[[1, 2, 1e300, 2, 4, 5]]"),                                // none that anybody means,
      segmentation(R"({"size": [6, 8], "counts": [8, 3]})"),                   // too few pixels,
      segmentation(R"({"size": [6, 8], "counts": [8, -3, 43]})"),              // below 0,
      segmentation(R"({"size": [6, 8], "counts": "not run lengths"})"),        // unreadable,
      segmentation(R"({"size": [6], "counts": [48]})"),                        // no size,
      segmentation("[[1, 2, 4, 2]]"),                                          // and two points alone
      segmentation("[[1, 2, 4, 2], [1, 2, 4, 2, 4, 5, 1, 5]]"),                // two points among more: told, the rest is kept
      segmentation(R"({"size": [6, 8], "counts": [48]})"),                     // empty
      segmentation("[[20, 2, 24, 2, 24, 5]]"),                                 // out of the picture, and so empty
      segmentation(R"({"size": [8, 6], "counts": [8, 3, 37]})"),               // of another size
      segmentation("[[5, 2, 20, 2, 20, 5, 5, 5]]"),                            // past the border: cut off
      segmentation("[[1, 1, 5, 5, 5, 1, 1, 5]]"),                              // crosses itself: used
      {{"segmentation", {{1, 2, 4, 2, 4, 5, 1, 5}}}, {"bbox", {5, 0, 2, 2}}},  // with another box
      {{"segmentation", {{1, 2, 4, 2, 4, 5, 1, 5}}}, {"bbox", {0, 2, 4, 2}}},  // within a writer's rounding
  });
  const DatasetReport& report = dataset->report();
  EXPECT_EQ(report.count(DatasetFault::malformed_mask), 11U) << report.to_json().dump(1);
  EXPECT_EQ(report.count(DatasetFault::empty_mask), 2U);
  EXPECT_EQ(report.count(DatasetFault::mask_size), 1U);
  EXPECT_EQ(report.count(DatasetFault::mask_outside), 2U);
  EXPECT_EQ(report.count(DatasetFault::crossing_polygon), 1U);
  EXPECT_EQ(report.count(DatasetFault::box_disagrees), 1U);
  EXPECT_EQ(report.objects().all, 18U);
  EXPECT_EQ(report.objects().left_out, 13U);
  const SegmentationSample sample = dataset->sample(0);
  ASSERT_EQ(sample.targets.size(), 5U);
  EXPECT_EQ(sample.targets[0].mask, rectangle(1, 2, 4, 5));
  EXPECT_EQ(sample.targets[1].mask, rectangle(5, 2, 8, 5));
  EXPECT_NE(report.issues().front().message.find("annotations[0]: expected a segmentation"), std::string::npos);
}

TEST_F(SegmentationData, TooManyFaultsRefuseTheData) {
  const json good = segmentation("[[1, 2, 4, 2, 4, 5, 1, 5]]"), bad = segmentation("[]");
  json annotations = json::array();
  for (int i = 0; i < 19; ++i) annotations.push_back(good);
  annotations.push_back(bad);
  EXPECT_EQ(open_coco(annotations, {})->sample(0).targets.size(), 19U);
  annotations.push_back(bad);
  const std::string refusal = testing::invalid_argument_of([&] { open_coco(annotations, {}); });
  EXPECT_NE(refusal.find("2 of 21 objects are faulty, over the limit of 5 %: 2 malformed_mask; first a.png"), std::string::npos)
      << refusal;
  EXPECT_NE(testing::invalid_argument_of([&] { open_coco(json::array({bad}), {.max_fault_share = .99}); }).find("no usable mask"),
            std::string::npos);
}

TEST_F(SegmentationData, ThePicturesOwnSizeCounts) {
  // Labels of the stored size of a picture that is upright at 6 x 8; a polygon that only fits the upright one.
  add_picture("images/a.png", 6, 8);
  const auto labels = [&](const char* shape) {
    add_file("labels.json",
             R"({"categories": [{"id": 1, "name": "dog"}], "images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 6}],
      "annotations": [{"image_id": 1, "category_id": 1, "segmentation": )" +
                 std::string(shape) + "}]}");
  };
  labels("[[0, 6, 4, 6, 4, 8, 0, 8]]");
  const auto turned = open("coco", "labels.json");
  EXPECT_EQ(turned->report().summary(), "1 inexact_size");
  ASSERT_EQ(turned->sample(0).targets.size(), 1U);
  EXPECT_EQ(turned->sample(0).targets[0].area, 8);
  labels("[[0, 2, 4, 2, 4, 6, 0, 6]]");  // fits both: found out when the picture is read
  EXPECT_EQ(open("coco", "labels.json")->load(0).sample.targets.at(0).mask.width, 6);
  labels(R"({"size": [6, 8], "counts": [0, 48]})");  // run lengths fit one size only
  const auto runs = open("coco", "labels.json");
  EXPECT_THROW(runs->load(0), SampleFault);
  EXPECT_EQ(validate(*runs, 1).count(DatasetFault::size_mismatch), 1U);
  add_picture("images/a.png", 16, 12);
  labels("[[0, 2, 4, 2, 4, 6, 0, 6]]");
  EXPECT_THROW(open("coco", "labels.json")->load(0), SampleFault);
}

TEST_F(SegmentationData, Sa1bPairsOfBothForms) {
  const std::string mask = dump_json({{"size", {6, 8}}, {"counts", compress(rectangle(1, 2, 4, 5))}});
  const std::string annotation = R"({"id": 1, "segmentation": )" + mask +
                                 R"(, "bbox": [1, 2, 3, 3], "area": 9, "predicted_iou": 0.9, "point_coords": [[2, 3]]})";
  add_picture("set/one/sa_1.jpg");
  add_file("set/one/sa_1.json",
           R"({"image": {"image_id": 1, "width": 8, "height": 6, "file_name": "sa_1.jpg"}, "annotations": [)" + annotation + "]}");
  add_picture("set/two/b.png");
  add_file("set/two/b.json", "[" + annotation + ", 7, {\"segmentation\": []}]");  // amg.py's list
  add_picture("set/two/alone.png");
  add_file("set/two/alone_too.json", "[]");
  add_picture("set/two/cut.png");
  add_file("set/two/cut.json", R"({"annotations": [)");
  const auto dataset = open("sa1b", "set");
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->categories(), (std::vector<std::string>{"object"}));
  for (const std::size_t i : {0U, 1U}) {
    ASSERT_EQ(dataset->load(i).sample.targets.size(), 1U);
    EXPECT_EQ(dataset->load(i).sample.targets[0].mask, rectangle(1, 2, 4, 5));
    EXPECT_EQ(dataset->load(i).sample.targets[0].category_index, 0);
  }
  EXPECT_EQ(dataset->report().summary(), "1 malformed_record, 2 malformed_mask, 2 missing_pair");
  EXPECT_EQ(dataset->report().records().left_out, 3U);
  EXPECT_EQ(open("sa1b", "set", "one")->size(), 1U);
}

TEST_F(SegmentationData, LabelMapsOfEveryDepth) {
  const std::vector<std::uint32_t> few = testing::label_values(8, 6, {{1, rectangle(1, 2, 4, 5)}, {3, rectangle(5, 0, 8, 2)}});
  std::vector<std::uint32_t> many = few;
  for (std::uint32_t& value : many) value *= 300;  // 16 bits
  for (const char* name : {"bits", "gray", "deep", "palette", "colour"}) add_picture(std::string("images/") + name + ".jpg");
  add_file("labels/bits.png", testing::label_png(8, 6, few, testing::LabelForm::two_bits));
  add_file("labels/gray.png", testing::label_png(8, 6, few, testing::LabelForm::gray));
  add_file("labels/deep.png", testing::label_png(8, 6, many, testing::LabelForm::deep_gray));
  add_file("labels/palette.png", testing::label_png(8, 6, few, testing::LabelForm::palette));
  add_file("labels/colour.png", testing::label_png(8, 6, many, testing::LabelForm::colour));
  const auto dataset = open("labels", ".");
  EXPECT_EQ(dataset->report().summary(), "");
  ASSERT_EQ(dataset->size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    const SegmentationSample sample = dataset->load(i).sample;
    ASSERT_EQ(sample.targets.size(), 2U) << sample.key;
    EXPECT_EQ(sample.targets[0].mask, rectangle(1, 2, 4, 5)) << sample.key;
    EXPECT_EQ(sample.targets[1].mask, rectangle(5, 0, 8, 2)) << sample.key;
  }
}

TEST_F(SegmentationData, AJsonBesideALabelMapTellsClasses) {
  const auto values = testing::label_values(8, 6, {{1, rectangle(1, 2, 4, 5)}, {2, rectangle(5, 0, 8, 2)}});
  const std::string png = testing::label_png(8, 6, values, testing::LabelForm::gray);
  for (const char* name : {"a", "b", "c"}) {
    add_picture(std::string("images/") + name + ".png");
    add_file(std::string("labels/") + name + ".png", png);
  }
  add_file("labels/a.json", R"({"objects": [{"value": 2, "class": "dog"}, {"value": 1, "class": "cat"}]})");  // as omma writes them
  add_file("labels/b.json", R"({"objects": [{"value": 2, "class": "dog"}]})");
  add_file("labels/c.json", R"({"objects": [{"value": -2, "class": "dog"}]})");
  const auto dataset = open("labels", ".");
  EXPECT_EQ(dataset->categories(), (std::vector<std::string>{"cat", "dog"}));
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->sample(0).targets.at(0).category, "cat");
  EXPECT_EQ(dataset->sample(0).targets.at(1).category_index, 1);
  EXPECT_EQ(dataset->sample(1).targets.at(0).category, "dog");
  EXPECT_EQ(dataset->report().summary(), "1 malformed_record, 1 unknown_class");
}

TEST_F(SegmentationData, LabelMapsSplitAndPair) {
  const std::string png =
      testing::label_png(8, 6, testing::label_values(8, 6, {{1, rectangle(1, 2, 4, 5)}}), testing::LabelForm::gray);
  for (const char* folder : {"above/train/", "below/"}) {
    const std::string part = std::string(folder) == "below/" ? "train/" : "";
    add_picture(folder + ("images/" + part) + "a.png");
    add_file(folder + ("masks/" + part) + "a.png", png);
  }
  EXPECT_EQ(open("labels", "above", "train")->size(), 1U);
  EXPECT_EQ(open("labels", "below", "train")->size(), 1U);
  EXPECT_EQ(open("labels", "below")->sample(0).key, "train/a.png");
  EXPECT_NE(testing::invalid_argument_of([&] { open("labels", "below", "val"); }).find("of the split \"val\""), std::string::npos);
  add_picture("below/images/train/without.png");
  add_file("below/masks/train/alone.png", png);
  add_picture("below/images/train/large.png", 16, 12);
  add_file("below/masks/train/large.png", png);
  add_picture("below/images/train/broken.png");
  add_file("below/masks/train/broken.png", png.substr(0, 40));
  const auto dataset = open("labels", "below");
  EXPECT_EQ(dataset->size(), 1U);
  EXPECT_EQ(dataset->report().summary(), "1 malformed_record, 1 size_mismatch, 2 missing_pair");
}

TEST_F(SegmentationData, VocObjectsTakeTheirClassFromTheAnnotation) {
  const auto xml = [](const char* name, int x0, int y0, int x1, int y1) {
    return fmt::format(
        "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>", name, x0,
        y0, x1, y1);
  };
  const auto values =
      testing::label_values(8, 6, {{1, rectangle(1, 2, 4, 5)}, {2, rectangle(5, 0, 8, 2)}, {255, rectangle(0, 0, 1, 6)}});
  add_picture("JPEGImages/a.jpg");
  add_file("SegmentationObject/a.png", testing::label_png(8, 6, values, testing::LabelForm::palette));
  add_file("Annotations/a.xml", "<annotation>" + xml("dog", 1, 2, 4, 5) + xml("cat", 0, 3, 2, 6) + "</annotation>");
  add_picture("JPEGImages/b.jpg");
  add_file("SegmentationObject/b.png", testing::label_png(8, 6, values, testing::LabelForm::palette));
  add_file("ImageSets/Segmentation/val.txt", "a\na\nmissing\n");
  const auto all = open("voc", ".");
  EXPECT_EQ(all->categories(), (std::vector<std::string>{"cat", "dog", "object"}));
  const SegmentationSample named = all->sample(0), unnamed = all->sample(1);
  ASSERT_EQ(named.targets.size(), 2U);
  EXPECT_EQ(named.targets[0].category, "dog");
  EXPECT_EQ(named.targets[0].category_index, 1);
  EXPECT_EQ(named.targets[1].category, "cat");
  EXPECT_EQ(named.targets[1].mask, rectangle(5, 0, 8, 2));
  EXPECT_EQ(unnamed.targets.at(1).category, "object");
  EXPECT_EQ(all->report().summary(), "1 box_disagrees");
  const auto val = open("voc", ".", "val");
  EXPECT_EQ(val->size(), 1U);
  EXPECT_EQ(val->report().summary(), "1 duplicate_id, 1 box_disagrees, 1 missing_picture");
}

TEST_F(SegmentationData, UncheckedLabelsAreReadAsTheyAreUsed) {
  add_picture("images/a.png");
  add_file("labels/a.png", "no label map");
  const auto dataset = open("labels", ".", "", {.check_labels = false});
  EXPECT_EQ(dataset->report().total(), 0U);
  EXPECT_THROW(dataset->sample(0), SampleFault);
  EXPECT_THROW(dataset->load(0), SampleFault);
  EXPECT_EQ(validate(*dataset, 1).count(DatasetFault::malformed_record), 1U);
}

TEST_F(SegmentationData, WhatIsNoKindIsRefused) {
  EXPECT_NE(testing::invalid_argument_of([&] { open("odvg", "x"); }).find("expected world, coco, sa1b, labels, voc or yolo"),
            std::string::npos);
  EXPECT_NE(testing::invalid_argument_of([&] { open("coco", "gone.json"); }).find("does not exist"), std::string::npos);
}

}  // namespace
}  // namespace omma
