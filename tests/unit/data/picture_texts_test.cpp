#include "omma/data/picture_texts.h"

#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/judgement.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

TEST(PictureTexts, OfTheWorld) {
  const auto data = open_picture_texts("world:seed=7,count=3,size=64,objects=2", "val");
  ASSERT_EQ(data->size(), 3U);
  EXPECT_TRUE(data->drawn());
  const TextedPicture picture = data->sample(2);
  EXPECT_EQ(picture.key, "val/2");
  EXPECT_EQ(picture.image, "val-000002.png");
  EXPECT_EQ(picture.text.captions.size(), 5U);
  ASSERT_EQ(picture.text.boxes.size(), 2U);
  EXPECT_EQ(data->image(2).width, 64);
  EXPECT_THROW(open_picture_texts("world:phrases=pairs", ""), std::invalid_argument);
  EXPECT_THROW(open_picture_texts("voc:/", ""), std::invalid_argument);
}

TEST(PictureTexts, OfCoco) {
  const testing::TemporaryDirectory directory;
  write_file(directory / "annotations.json", R"({"images": [
      {"id": 1, "file_name": "a.jpg", "width": 100, "height": 50}, {"id": 2, "file_name": "b.jpg", "width": 10, "height": 10}],
    "categories": [{"id": 3, "name": "Traffic light"}, {"id": 4, "name": "dog"}],
    "annotations": [{"image_id": 1, "category_id": 3, "bbox": [10, 10, 50, 20]},
                    {"image_id": 1, "category_id": 4, "bbox": [0, 0, 100, 50], "iscrowd": 1}]})");
  write_file(directory / "captions.json", R"({"images": [{"id": 1, "file_name": "a.jpg"}],
    "annotations": [{"image_id": 1, "caption": "A light."}, {"image_id": 1, "caption": "Some\ndogs."}]})");
  const auto data = open_picture_texts("coco:" + directory.path().string(), "");
  ASSERT_EQ(data->size(), 1U);
  EXPECT_EQ(data->report().count(DatasetFault::missing_pair), 1U);
  const TextedPicture picture = data->sample(0);
  EXPECT_EQ(picture.image, "a.jpg");
  EXPECT_EQ(text_of(picture.text, PictureParts::captions), "A light.\nSome dogs.\n");
  EXPECT_EQ(text_of(picture.text, PictureParts::captions_and_boxes),
            "A light.\nSome dogs.\n\nTraffic light: [0.100, 0.200, 0.600, 0.600]\ndogs: [0.000, 0.000, 1.000, 1.000]\n");
  const auto objects = seen_objects(picture.text.boxes, data->lexicon());
  ASSERT_EQ(objects.size(), 1U) << "names are looked up as the labels write them";
}

TEST(PictureText, ReadsBackWhatItWrites) {
  const PictureText picture{.captions = {"a red dog: [here]", "two"}, .boxes = {{.name = "red dog", .box = {.125F, .25F, .5F, 1}}}};
  const PictureText back = read_picture_text(text_of(picture, PictureParts::captions_and_boxes));
  EXPECT_EQ(back.captions, picture.captions);
  ASSERT_EQ(back.boxes.size(), 1U);
  EXPECT_EQ(back.boxes[0].name, "red dog");
  EXPECT_EQ(back.boxes[0].box, picture.boxes[0].box);
  EXPECT_TRUE(read_picture_text(text_of(picture, PictureParts::captions)).boxes.empty());
  EXPECT_EQ(read_picture_text("dog: [0.1, 0.2, 0.3]\ndog: [1, 2, 3, x]\n").captions.size(), 2U);
  const auto objects = seen_objects(picture.boxes, Lexicon::world());
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects[0].color, 0);
}

}  // namespace
}  // namespace omma
