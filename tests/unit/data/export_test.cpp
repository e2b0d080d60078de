#include "omma/data/world/export.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/validate.h"
#include "omma/data/world_masks.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

constexpr int scene_count = 12;

RenderOptions options_for(const std::filesystem::path& out, int threads = 2) {
  return {.seed = 3, .count = scene_count, .out = out, .scene = {.size = 96}, .threads = threads};
}

TEST(Export, ReadsBackAsCocoWithNothingWrong) {
  const testing::TemporaryDirectory directory;
  render_dataset(options_for(directory.path()));
  const auto dataset = open_detection_dataset("coco:" + directory.path().string(), "");
  EXPECT_EQ(validate(*dataset, 2).summary(), "");
  ASSERT_EQ(dataset->size(), static_cast<std::size_t>(scene_count));
  ASSERT_EQ(dataset->phrases().size(), 32U);
  for (std::size_t i = 0; i < dataset->size(); ++i) {
    const Scene scene = make_scene(3, i, {.size = 96});
    EXPECT_EQ(dataset->image(i), scene.image);
    const DetectionSample sample = dataset->sample(i);
    ASSERT_EQ(sample.targets.size(), scene.objects.size());
    for (std::size_t k = 0; k < scene.objects.size(); ++k) {
      EXPECT_EQ(sample.targets[k].box, scene.objects[k].box);
      EXPECT_EQ(sample.targets[k].phrase, world_noun(scene.objects[k].name).singular);
    }
  }
}

TEST(Export, MasksAndAttributes) {
  const testing::TemporaryDirectory directory;
  render_dataset(options_for(directory.path()));
  const json annotations = read_json(directory / "annotations.json")["annotations"];
  const Scene scene = make_scene(3, 0, {.size = 96});
  for (std::size_t i = 0; i < scene.objects.size(); ++i) {
    const json& annotation = annotations[i];
    EXPECT_EQ(annotation["id"], i + 1);
    EXPECT_EQ(annotation["image_id"], 1);
    EXPECT_EQ(annotation["area"], scene.objects[i].area);
    EXPECT_EQ(annotation["attributes"]["color"], world_color(scene.objects[i].color));
    EXPECT_EQ(annotation["segmentation"]["size"], json({96, 96}));
    EXPECT_EQ(decode(decompress(annotation["segmentation"]["counts"].get<std::string>(), 96, 96)),
              visible_mask(scene, static_cast<int>(i)));
  }
}

TEST(Export, EmblemsAreThreeAnnotations) {
  const testing::TemporaryDirectory directory;
  RenderOptions options = options_for(directory.path());
  options.scene.emblems = .5;
  render_dataset(options);
  const json file = read_json(directory / "annotations.json");
  EXPECT_EQ(file["categories"].size(), 35U);
  std::size_t at = 0, emblems = 0;
  for (std::uint64_t index = 0; index < scene_count; ++index) {
    const std::vector<MaskedObject> objects = make_masked_scene(3, index, options.scene).objects;
    const Scene scene = make_scene(3, index, options.scene);
    for (const MaskedObject& object : objects) {
      const json& annotation = file["annotations"].at(at++);
      EXPECT_EQ(annotation["id"], at);
      EXPECT_EQ(annotation["image_id"], index + 1);
      EXPECT_EQ(decode(decompress(annotation["segmentation"]["counts"].get<std::string>(), 96, 96)), object.visible);
      const WorldObject& what = scene.objects[static_cast<std::size_t>(object.object)];
      if (what.levels.empty()) {
        EXPECT_FALSE(annotation.contains("level") || annotation.contains("parent"));
        EXPECT_EQ(annotation["category_id"], what.name + 1);
        continue;
      }
      const EmblemPart& part = what.levels[static_cast<std::size_t>(object.level)];
      EXPECT_EQ(annotation["level"], name_of(object.level));
      EXPECT_EQ(annotation["category_id"], 33 + static_cast<int>(object.level));
      EXPECT_EQ(annotation["attributes"]["color"], world_color(part.color));
      EXPECT_EQ(annotation["attributes"]["shape"], name_of(part.shape));
      EXPECT_EQ(annotation.value("parent", std::size_t{0}), object.level == MaskLevel::whole ? 0 : at - 1);
      emblems += object.level == MaskLevel::sub_part;
    }
  }
  EXPECT_EQ(at, file["annotations"].size());
  EXPECT_GT(emblems, 5U);
  EXPECT_FALSE(std::filesystem::exists(directory / "captions.json"));
  EXPECT_FALSE(std::filesystem::exists(directory / "questions.jsonl"));
  const auto dataset = open_detection_dataset("coco:" + directory.path().string(), "");
  EXPECT_EQ(validate(*dataset, 2).summary(), "");
  options.format = RenderFormat::webdataset;
  EXPECT_THROW(render_dataset(options), std::invalid_argument);
}

TEST(Export, CaptionsAndQuestions) {
  const testing::TemporaryDirectory directory;
  render_dataset(options_for(directory.path()));
  const json captions = read_json(directory / "captions.json");
  EXPECT_EQ(captions["images"].size(), static_cast<std::size_t>(scene_count));
  EXPECT_EQ(captions["annotations"].size(), static_cast<std::size_t>(5 * scene_count));
  std::istringstream lines(read_file(directory / "questions.jsonl"));
  int questions = 0;
  for (std::string line; std::getline(lines, line); ++questions) {
    const json question = parse_json(line, "line");
    for (const char* field : {"image", "question", "answer", "type"}) EXPECT_TRUE(question[field].is_string()) << line;
    EXPECT_TRUE(std::filesystem::exists(directory / question["image"].get<std::string>())) << line;
  }
  EXPECT_GT(questions, scene_count);
}

TEST(Export, SameBytesWhateverTheThreads) {
  const testing::TemporaryDirectory one, three;
  render_dataset(options_for(one.path(), 1));
  render_dataset(options_for(three.path(), 3));
  for (const char* name : {"annotations.json", "captions.json", "questions.jsonl", "images/000007.png"})
    EXPECT_EQ(read_file(one / name), read_file(three / name)) << name;
}

TEST(Export, LeavesNothingButTheDataSet) {
  const testing::TemporaryDirectory directory;
  render_dataset(options_for(directory.path()));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"annotations.json", "captions.json", "images", "questions.jsonl", "render.json"}));
}

TEST(Export, TakesAnEmptyFolderOrItsOwn) {
  const testing::TemporaryDirectory directory;
  write_file(directory / ".DS_Store", "");  // hidden files are nobody's
  render_dataset(options_for(directory.path()));
  const std::string drawn = read_file(directory / "images/000003.png");
  write_file(directory / "images/000003.png", "spoilt");
  write_file(directory / "images/000003.png.77.partial", "half");
  render_dataset(options_for(directory.path()));
  EXPECT_EQ(read_file(directory / "images/000003.png"), drawn);
  EXPECT_FALSE(std::filesystem::exists(directory / "images/000003.png.77.partial"));
  RenderOptions fewer = options_for(directory.path());
  fewer.count = 3;
  EXPECT_THROW(render_dataset(fewer), std::invalid_argument);
  EXPECT_THROW(render_dataset(options_for(directory / "images")), std::invalid_argument);
}

TEST(Export, RefusesBadOptions) {
  const testing::TemporaryDirectory directory;
  RenderOptions options = options_for(directory.path());
  options.count = 0;
  EXPECT_THROW(render_dataset(options), std::invalid_argument);
  options = options_for(directory.path());
  options.scene.size = 1;
  EXPECT_THROW(render_dataset(options), std::invalid_argument);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  write_file(directory / "file", "");
  options = options_for(directory / "file");
  EXPECT_THROW(render_dataset(options), std::runtime_error);
}

}  // namespace
}  // namespace omma
