#include <gtest/gtest.h>

#include "omma/data/detection_dataset.h"
#include "omma/data/validate.h"
#include "omma/data/world/scene.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

TEST(WorldDataset, DrawsScenesWithTheirLabels) {
  const auto dataset = open_detection_dataset("world:seed=4,count=20,size=96", "val");
  EXPECT_EQ(dataset->size(), 20U);
  EXPECT_EQ(validate(*dataset, 2).total(), 0U);
  const Scene scene = make_scene(4, 7, {.size = 96, .split = Split::val});
  const auto [sample, image] = dataset->load(7);
  EXPECT_EQ(image, scene.image);
  EXPECT_EQ(dataset->image(7), scene.image);
  EXPECT_EQ(sample.key, "val/7");
  ASSERT_EQ(sample.targets.size(), scene.objects.size());
  EXPECT_EQ(sample.targets[0].box, scene.objects[0].box);
  EXPECT_EQ(dataset->phrases().at(static_cast<std::size_t>(sample.targets[0].class_index)), sample.targets[0].phrase);
  const auto together = open_detection_dataset("world:seed=4,count=20,size=96,objects=2-3,together=.8", "val");
  const SceneOptions partners{.size = 96, .split = Split::val, .min_objects = 2, .max_objects = 3, .together = .8};
  EXPECT_EQ(together->image(7), make_scene(4, 7, partners).image);
}

TEST(WorldDataset, PairsAreAClosedSetOf192) {
  const auto dataset = open_detection_dataset("world:count=5,phrases=pairs", "");
  EXPECT_EQ(dataset->phrases().size(), 192U);
  const Scene scene = make_scene(0, 2);
  const DetectionSample sample = dataset->sample(2);
  EXPECT_EQ(sample.targets[0].phrase,
            std::string(world_color(scene.objects[0].color)) + " " + std::string(world_noun(scene.objects[0].name).singular));
}

TEST(WorldDataset, CaptionsCarrySpans) {
  const auto dataset = open_detection_dataset("world:count=30,phrases=captions", "");
  EXPECT_TRUE(dataset->phrases().empty());
  for (std::size_t i = 0; i < dataset->size(); ++i) {
    const DetectionSample sample = dataset->sample(i);
    ASSERT_TRUE(sample.caption.has_value());
    for (const DetectionTarget& target : sample.targets) {
      const TextSpan span = target.spans.at(0);
      EXPECT_EQ(sample.caption->substr(span.begin, span.end - span.begin), target.phrase);
    }
  }
}

TEST(WorldDataset, RefusesWhatItDoesNotKnow) {
  const auto message = [](const char* spec, const char* split = "") {
    return testing::invalid_argument_of([&] { open_detection_dataset(spec, split); });
  };
  EXPECT_NE(message("world:sed=4").find("\"sed\""), std::string::npos);
  EXPECT_NE(message("world:seed=x").find("seed: expected a number"), std::string::npos);
  EXPECT_NE(message("world:seed").find("seed: expected a number"), std::string::npos);
  EXPECT_NE(message("world:count=0").find("count"), std::string::npos);
  EXPECT_NE(message("world:size=7").find("scene size"), std::string::npos);
  EXPECT_NE(message("world:together=2").find("together"), std::string::npos);
  EXPECT_NE(message("world:phrases=all").find("phrases"), std::string::npos);
  EXPECT_NE(message("world:", "dev").find("split"), std::string::npos);
  EXPECT_NE(message("sa1b:x").find("sa1b"), std::string::npos);
  EXPECT_NE(message("coco:/nowhere").find("/nowhere"), std::string::npos);
  EXPECT_THROW(open_detection_dataset("world:count=3", "")->sample(3), std::invalid_argument);
}

}  // namespace
}  // namespace omma
