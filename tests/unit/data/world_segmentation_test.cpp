#include <gtest/gtest.h>

#include "omma/data/segmentation_dataset.h"
#include "omma/data/world/export.h"
#include "omma/data/world_masks.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

TEST(WorldSegmentation, DrawsWhatRenderWrites) {
  const testing::TemporaryDirectory directory;
  const SceneOptions scene{.size = 96, .split = Split::val, .variety = .5, .emblems = .5};
  render_dataset({.seed = 3, .count = 20, .out = directory.path(), .scene = scene, .threads = 2});
  const auto written = open_segmentation_dataset("coco:" + directory.path().string(), "");
  const auto drawn = open_segmentation_dataset("world:seed=3,count=20,size=96,variety=.5,emblems=.5", "val");
  EXPECT_EQ(drawn->categories(), written->categories());
  EXPECT_EQ(written->report().total(), 0U);
  ASSERT_EQ(drawn->size(), written->size());
  for (std::size_t i = 0; i < drawn->size(); ++i) {
    const SegmentedImage a = drawn->load(i), b = written->load(i);
    EXPECT_EQ(a.image, b.image);
    EXPECT_EQ(drawn->image(i), a.image);
    ASSERT_EQ(a.sample.targets.size(), b.sample.targets.size());
    for (std::size_t k = 0; k < a.sample.targets.size(); ++k) {
      const SegmentationTarget &one = a.sample.targets[k], &other = b.sample.targets[k];
      EXPECT_EQ(one.mask, other.mask);
      EXPECT_EQ(one.box, other.box);
      EXPECT_EQ(one.area, other.area);
      EXPECT_EQ(one.category, other.category);
      EXPECT_EQ(one.category_index, other.category_index);
    }
  }
}

TEST(WorldSegmentation, WithoutEmblemsItIsTheNames) {
  const auto dataset = open_segmentation_dataset("world:seed=4,count=5", "");
  EXPECT_EQ(dataset->categories().size(), static_cast<std::size_t>(world_name_count));
  EXPECT_EQ(dataset->sample(2).key, "train/2");
  EXPECT_EQ(dataset->sample(2).targets.size(), make_scene(4, 2).objects.size());
}

TEST(WorldSegmentation, RefusesWhatItDoesNotKnow) {
  const auto message = [](const char* spec) { return testing::invalid_argument_of([&] { open_segmentation_dataset(spec, ""); }); };
  EXPECT_NE(message("world:phrases=names").find("variety or emblems, got \"phrases\""), std::string::npos);
  EXPECT_NE(message("world:emblems=2").find("emblems: expected a share"), std::string::npos);
  EXPECT_NE(message("world:emblems=.5,size=32").find("64 to 4096"), std::string::npos);
  EXPECT_THROW(open_segmentation_dataset("world:count=3", "")->sample(3), std::invalid_argument);
}

}  // namespace
}  // namespace omma
