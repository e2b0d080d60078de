#include "omma/data/caption_dataset.h"

#include <gtest/gtest.h>

#include <set>

#include "omma/base/file.h"
#include "omma/data/caption_shards.h"
#include "omma/data/validate.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/export.h"
#include "omma/data/world/language.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

std::string open_error(const std::string& spec, const std::string& split = "") {
  return invalid_argument_of([&] { open_caption_dataset(spec, split); });
}

TEST(WorldCaptions, DrawScenesWithTheirCaptions) {
  const auto dataset = open_caption_dataset("world:seed=4,count=20,size=64,objects=1-2,captions=3", "val");
  ASSERT_EQ(dataset->size(), 20U);
  EXPECT_EQ(validate(*dataset, 2).total(), 0U);
  const Scene scene = make_scene(4, 7, {.size = 64, .split = Split::val, .min_objects = 1, .max_objects = 2});
  const auto [sample, image] = dataset->load(7);
  EXPECT_EQ(image, scene.image);
  EXPECT_EQ(dataset->image(7), scene.image);
  EXPECT_EQ(sample.key, "val/7");
  EXPECT_EQ(sample.captions.size(), 3U);
  EXPECT_EQ(dataset->sample(7).captions, sample.captions);
  EXPECT_EQ(open_caption_dataset("world:", "")->sample(0).captions.size(), 5U);
  EXPECT_EQ(make_scene(0, 0, {.min_objects = 2, .max_objects = 2}).image, open_caption_dataset("world:objects=2", "")->image(0));
}

TEST(WorldCaptions, ExactAndNoisyOnes) {
  const auto exact = open_caption_dataset("world:count=40,size=48,objects=1-3,captions=exact,references=6", "");
  const auto noisy = open_caption_dataset("world:count=40,size=48,objects=1-3,noise=.5", "");
  int wrong = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    const Scene scene = make_scene(0, i, {.size = 48, .min_objects = 1, .max_objects = 3});
    ASSERT_EQ(exact->sample(i).captions.size(), 6U);
    for (const std::string& caption : exact->sample(i).captions)
      for (const WorldObject& object : scene.objects)
        EXPECT_NE(
            caption.find(std::string(world_color(object.color)) + " " + std::string(world_noun(object.name).singular.substr(0, 3))),
            std::string::npos)
            << caption;
    const CaptionSample web = noisy->sample(i);
    ASSERT_EQ(web.captions.size(), 1U);
    std::set<std::string> truths;
    for (std::uint64_t stream = 0; stream < 100; ++stream) {
      Rng rng(1, stream);
      truths.insert(exact_caption(scene, rng));
    }
    wrong += !truths.contains(web.captions[0]);
  }
  EXPECT_GT(wrong, 8);
  EXPECT_LT(wrong, 32);
}

TEST(WorldCaptions, RefuseWhatTheyDoNotKnow) {
  EXPECT_NE(open_error("world:sed=4").find("\"sed\""), std::string::npos);
  EXPECT_NE(open_error("world:captions=all").find("captions: expected a number"), std::string::npos);
  EXPECT_NE(open_error("world:captions=-1").find("captions: expected 1 to"), std::string::npos);
  EXPECT_NE(open_error("world:noise=2").find("noise"), std::string::npos);
  EXPECT_NE(open_error("world:noise=nan").find("noise"), std::string::npos);
  EXPECT_NE(open_error("world:objects=3-1").find("objects"), std::string::npos);
  EXPECT_NE(open_error("world:", "dev").find("split"), std::string::npos);
  EXPECT_NE(open_error("voc:x").find("folder or webdataset"), std::string::npos);
  EXPECT_NE(open_error("coco:/nowhere").find("/nowhere"), std::string::npos);
}

class CaptionFiles : public ::testing::Test {
 protected:
  std::unique_ptr<CaptionDataset> open(const std::string& kind, const std::string& contents, double max_fault_share = 1) {
    write_file(directory_ / "captions.json", contents);
    return open_caption_dataset(kind + ":" + (directory_ / "captions.json").string(), "", {.max_fault_share = max_fault_share});
  }
  std::string refusal(const std::string& kind, const std::string& contents) {
    return invalid_argument_of([&] { open(kind, contents, .05); });
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(CaptionFiles, RenderedCaptionsReadBack) {
  render_dataset({.seed = 3, .count = 6, .out = directory_.path(), .scene = {.size = 64}});
  const auto dataset = open_caption_dataset("coco:" + directory_.path().string(), "train");
  EXPECT_EQ(validate(*dataset, 2).summary(), "");
  ASSERT_EQ(dataset->size(), 6U);
  EXPECT_EQ(dataset->sample(4).key, "000004.png");
  EXPECT_EQ(dataset->sample(4).captions.size(), 5U);
  EXPECT_EQ(dataset->image(4), make_scene(3, 4, {.size = 64}).image);
}

TEST_F(CaptionFiles, CocoReadsWhatToolsWrite) {
  std::filesystem::create_directories(directory_ / "images");
  write_file(directory_ / "images/a.png", "");
  const auto dataset = open(
      "coco", R"({"info": NaN, "images": [{"id": "im", "file_name": "images\\1\\a.png"}, {"id": 2.0, "file_name": "images/b.png"}],
    "annotations": [{"id": 1, "image_id": "im", "caption": "a dog"}, {"id": 1, "image_id": "2", "caption": "a cat", "score": NaN}]})");
  EXPECT_EQ(dataset->report().summary(), "");
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_TRUE(dataset->has_image(0));
  EXPECT_FALSE(dataset->has_image(1));
}

TEST_F(CaptionFiles, CocoJoinsCaptionsAndTellsFaults) {
  const std::string file = R"({
    "images": [{"id": 9, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}, {"id": 2, "file_name": "c.png"}, {"id": 3}, 5,
               {"id": 4, "file_name": "../d.png"}, {"id": 5, "file_name": "e.png"}],
    "annotations": [{"id": 1, "image_id": 2, "caption": " a dog\n"}, {"id": 2, "image_id": 9, "caption": "a cat"},
                    {"id": 3, "image_id": 2, "caption": "the dog"}, {"id": 4, "image_id": 9, "caption": " \t"},
                    {"id": 5, "image_id": 9, "caption": 7}, {"id": 6, "image_id": 77, "caption": "a cow"}, {"image_id": 9}]})";
  const auto dataset = open("coco", file);
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->sample(0).key, "a.png");
  EXPECT_EQ(dataset->sample(0).captions, std::vector<std::string>{"a cat"});
  EXPECT_EQ(dataset->sample(1).captions, (std::vector<std::string>{"a dog", "the dog"}));
  EXPECT_EQ(dataset->report().summary(),
            "3 malformed_record, 1 duplicate_id, 1 unknown_picture, 1 missing_pair, 2 malformed_text, 1 blank_text");
  EXPECT_FALSE(dataset->has_image(0));
  EXPECT_THROW(dataset->image(0), std::invalid_argument);
  EXPECT_NE(refusal("coco", file).find("faulty"), std::string::npos);
}

TEST_F(CaptionFiles, BlipRecordsOfOnePictureAreOneSample) {
  const auto dataset = open(
      "blip", R"([{"image": "x/a.jpg", "caption": "one", "image_id": "coco_1"}, {"image": "b.jpg", "caption": ["two", "three"]},
    {"image": "x/a.jpg", "caption": "four", "wrong": "five"}, {"caption": "no picture"}, {"image": "c.jpg"}, {"image": "d.jpg", "caption": []},
    {"image": "/etc/no-short-string.png", "caption": "outside"}, {"url": "http://x/y.jpg", "caption": "far"}, {"image": "e.jpg", "caption": [["deep"], ""]}])");
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->sample(0).captions, (std::vector<std::string>{"one", "four"}));
  EXPECT_EQ(dataset->sample(0).wrong, std::vector<std::string>{"five"});
  EXPECT_EQ(dataset->sample(1).key, "b.jpg");
  EXPECT_TRUE(dataset->sample(1).wrong.empty());
  EXPECT_EQ(dataset->report().count(DatasetFault::malformed_record), 3U);
  EXPECT_EQ(dataset->report().count(DatasetFault::malformed_text), 2U);
  EXPECT_EQ(dataset->report().count(DatasetFault::blank_text), 1U);
}

TEST_F(CaptionFiles, RefusedWhole) {
  EXPECT_NE(refusal("coco", "").find("captions.json"), std::string::npos);
  EXPECT_NE(refusal("coco", "[]").find("expected a JSON object"), std::string::npos);
  EXPECT_NE(refusal("coco", R"({"images": []})").find("\"annotations\", got none"), std::string::npos);
  EXPECT_NE(refusal("coco", R"({"images": [], "annotations": []})").find("no usable sample"), std::string::npos);
  EXPECT_NE(refusal("blip", "{}").find("expected a list"), std::string::npos);
  EXPECT_NE(refusal("blip", std::string(100'000, '[')).find("nested deeper"), std::string::npos);
  EXPECT_NE(refusal("blip", "[]").find("no usable sample"), std::string::npos);
}

TEST_F(CaptionFiles, TheShareOfFaultsDecides) {
  std::string list;
  for (int i = 0; i < 95; ++i) list += R"({"image": "a.jpg", "caption": "text"},)";
  std::string faulty;
  for (int i = 0; i < 5; ++i) faulty += R"({"image": "a.jpg", "caption": 3},)";
  const std::string good = R"({"image": "a.jpg", "caption": "text"}])";
  EXPECT_EQ(open("blip", "[" + list + faulty + good, .05)->report().total(), 5U);  // 5 of 101
  EXPECT_NE(refusal("blip", "[" + list + faulty + R"({"image": "a.jpg", "caption": 3}])").find("6 of 101"), std::string::npos);
}

std::string png_of(int side) {
  const std::vector<std::uint8_t> png = encode_png(Image(side, side));
  return {png.begin(), png.end()};
}

TEST_F(CaptionFiles, FoldersOfPicturesWithTextsBesideThem) {
  std::filesystem::create_directories(directory_ / "b/deep");
  write_file(directory_ / "b/deep/one.two.PNG", png_of(2));
  write_file(directory_ / "b/deep/one.two.txt", " a dog\n");
  write_file(directory_ / "a.jpg", png_of(3));
  write_file(directory_ / "a.txt", "a cat");
  write_file(directory_ / "a.json", "{}");
  write_file(directory_ / "alone.png", png_of(4));
  write_file(directory_ / "text.txt", "no picture");
  write_file(directory_ / "c.png", png_of(5));
  write_file(directory_ / "c.txt", "\xff");
  write_file(directory_ / "d.png", png_of(6));
  write_file(directory_ / "d.txt", " ");
  const std::string spec = "folder:" + directory_.path().string();
  const auto dataset = open_caption_dataset(spec, "", {.max_fault_share = 1});
  EXPECT_EQ(dataset->report().summary(), "2 missing_pair, 1 malformed_text, 1 blank_text");
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->sample(0).key, "a.jpg");
  EXPECT_EQ(dataset->sample(1).key, "b/deep/one.two.PNG");
  EXPECT_EQ(dataset->sample(1).captions, std::vector<std::string>{"a dog"});
  EXPECT_EQ(dataset->image(1).width, 2);
  EXPECT_EQ(open_caption_dataset(spec, "b")->sample(0).key, "deep/one.two.PNG");
  EXPECT_NE(open_error(spec).find("4 of 6 records are faulty"), std::string::npos);
  EXPECT_NE(open_error(spec, "../").find("leads out"), std::string::npos);
  EXPECT_NE(open_error(spec + "/a.jpg").find("expected a folder"), std::string::npos);
}

// A folder that lay on a Mac, with texts from Windows, and with links as people save disk space.
TEST_F(CaptionFiles, FoldersFromElsewhere) {
  const testing::TemporaryDirectory elsewhere;
  std::filesystem::create_directory(elsewhere / "more");
  write_file(elsewhere / "more/b.png", png_of(3));
  write_file(elsewhere / "more/b.txt", "a dog");
  write_file(elsewhere / "a.png", png_of(2));
  std::filesystem::create_symlink(elsewhere / "a.png", directory_ / "a.png");
  write_file(directory_ / "a.txt", "\xEF\xBB\xBF a cat\r\n");
  write_file(directory_ / "._a.png", std::string("\0\5\x16\7", 4));
  write_file(directory_ / "._a.txt", std::string("\0\5\x16\7", 4));
  std::filesystem::create_directory_symlink(elsewhere / "more", directory_ / "more");
  const std::string spec = "folder:" + directory_.path().string();
  const auto dataset = open_caption_dataset(spec, "");
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->sample(0).captions, std::vector<std::string>{"a cat"});
  EXPECT_EQ(dataset->sample(1).key, "more/b.png");
  EXPECT_FALSE(dataset->image(0).empty());
  EXPECT_FALSE(dataset->image(1).empty());
  EXPECT_EQ(open_caption_dataset(spec, "more")->size(), 1U);
  std::filesystem::create_directory_symlink(directory_.path(), directory_ / "circle");
  EXPECT_NE(open_error(spec).find("a link that leads back to"), std::string::npos);
}

TEST_F(CaptionFiles, GiveThePicturesFile) {
  write_file(directory_ / "x", png_of(3));
  write_file(directory_ / "y.png", "no picture");
  const auto dataset = open("blip", R"([{"image": "x", "caption": "one"}, {"image": "y.png", "caption": "two"},
    {"image": "z.png", "caption": "three"}])");
  const PictureFile file = dataset->picture_file(0);
  EXPECT_EQ(file.extension, "png");  // by its bytes
  EXPECT_EQ(std::string(file.bytes.begin(), file.bytes.end()), png_of(3));
  EXPECT_EQ(dataset->picture_file(1).bytes.size(), 10U);
  EXPECT_THROW(dataset->picture_file(2), std::invalid_argument);
  EXPECT_EQ(dataset->notes(0), json::object());
}

TEST(WorldCaptions, KnowTheirNoise) {
  const auto dataset = open_caption_dataset("world:count=20,size=48,objects=1-3,noise=.5", "");
  for (std::size_t i = 0; i < 20; ++i) {
    const json notes = dataset->notes(i);
    EXPECT_EQ(notes["noise"] == "clean", notes["true_caption"] == dataset->sample(i).captions[0]);
    EXPECT_EQ(decode_image(dataset->picture_file(i).bytes, "scene"), dataset->image(i));
  }
  EXPECT_EQ(open_caption_dataset("world:count=1,size=48", "")->notes(0), json::object());
}

TEST_F(CaptionFiles, InShardsOfSoMany) {
  const CaptionShards shards("world:count=7,size=48", "val", 3);
  EXPECT_EQ(shards.names(), (std::vector<std::string>{"samples 0 to 2 of 7", "samples 3 to 5 of 7", "samples 6 to 6 of 7"}));
  EXPECT_EQ(shards.weight(2), 1U);
  const CaptionShard last = shards.open(2);
  EXPECT_EQ(last.begin, 6U);
  EXPECT_EQ(last.size(), 1U);
  EXPECT_EQ(last.member_key(6), "000000006");
  EXPECT_EQ(last.dataset->sample(6).key, "val/6");
  EXPECT_THROW(shards.open(3), std::invalid_argument);
  EXPECT_THROW(CaptionShards("world:count=7", "", 0), std::invalid_argument);
}

}  // namespace
}  // namespace omma
