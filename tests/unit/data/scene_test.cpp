#include "omma/data/world/scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "omma/data/world/layout.h"
#include "omma/data/world/look.h"
#include "omma/data/world/partners.h"
#include "tests/unit/data/scene_hash.h"

namespace omma {
namespace {

// These pixels are what the embedded models were trained on: a change here means training them anew.
TEST(Scene, PixelsAreTheSameOnEveryMachine) {
  EXPECT_EQ(hash_of_scenes({}, 50), 9055356585423117401U);
  EXPECT_EQ(hash_of_scenes({.size = 64, .split = Split::val}, 50), 7085690790766445502U);
  EXPECT_EQ(hash_of_scenes({.size = 320, .split = Split::len}, 5), 9827710931124540495U);
  EXPECT_EQ(hash_of_scenes({.split = Split::domain}, 50), 830017952842175049U);
  EXPECT_EQ(hash_of_scenes({.split = Split::combo}, 50), 11839148877216621807U);
}

// Every name has one partner, which has it in turn. Which pairs they are is part of what a result means.
TEST(Scene, PartnersAreSixteenPairs) {
  std::uint64_t hash = 0;
  for (int name = 0; name < world_name_count; ++name) {
    EXPECT_NE(partner_of(name), name);
    EXPECT_EQ(partner_of(partner_of(name)), name);
    hash = hash * 33 + static_cast<std::uint64_t>(partner_of(name));
  }
  EXPECT_EQ(hash, 13583085444464970672U);
  EXPECT_THROW(partner_of(-1), std::invalid_argument);
  EXPECT_THROW(partner_of(world_name_count), std::invalid_argument);
}

bool shows(const Scene& scene, int name) {
  return std::ranges::find(scene.objects, name, &WorldObject::name) != scene.objects.end();
}

// How many of 500 scenes of two objects show a name with its partner: the first one always has room for it.
int scenes_of_partners(const SceneOptions& options) {
  int partners = 0;
  for (std::uint64_t index = 0; index < 500; ++index) {
    const Scene scene = make_scene(9, index, options);
    partners += shows(scene, partner_of(scene.objects.front().name));
  }
  return partners;
}

TEST(Scene, NamesBringTheirPartnersAlong) {
  const SceneOptions plain{.size = 64, .min_objects = 2, .max_objects = 2};
  SceneOptions often = plain, always = plain;
  often.together = .8;
  always.together = 1;
  EXPECT_LT(scenes_of_partners(plain), 40);
  EXPECT_NEAR(scenes_of_partners(often), 400, 30);
  EXPECT_EQ(scenes_of_partners(always), 500);
  EXPECT_EQ(hash_of_scenes(often, 30), hash_of_scenes(often, 30));
  EXPECT_NE(hash_of_scenes(often, 30), hash_of_scenes(plain, 30));
}

// In larger scenes, too, each name has its partner or there was no room; counts and held-out pairs are what they were.
TEST(Scene, PartnersChangeNeitherCountsNorHeldOutPairs) {
  for (const Split split : {Split::train, Split::val, Split::combo, Split::len}) {
    std::set<std::size_t> counts;
    for (std::uint64_t index = 0; index < 150; ++index) {
      const Scene scene = make_scene(10, index, {.size = 64, .split = split, .together = 1});
      counts.insert(scene.objects.size());
      int held_out = 0;
      std::set<int> alone;
      for (const WorldObject& object : scene.objects) {
        held_out += is_combo_pair(object.name, object.color);
        if (!shows(scene, partner_of(object.name))) alone.insert(object.name);
      }
      EXPECT_EQ(held_out > 0, split == Split::combo) << name_of(split) << " " << index;
      EXPECT_LE(alone.size(), 1U) << name_of(split) << " " << index << ": only the last one had no room";
    }
    EXPECT_EQ(counts, split == Split::len ? (std::set<std::size_t>{7, 8, 9}) : (std::set<std::size_t>{1, 2, 3, 4, 5, 6}));
  }
}

// Another look is the same scene: what stands where is drawn from other random numbers, unless objects may be smaller.
TEST(Scene, VarietyChangesTheLookOnly) {
  int equal_layouts = 0, smallest = 100;
  std::set<std::uint64_t> pictures;
  for (std::uint64_t index = 0; index < 100; ++index) {
    const Scene plain = make_scene(7, index), varied = make_scene(7, index, {.variety = 1});
    EXPECT_NE(plain.image, varied.image) << index;
    EXPECT_EQ(varied.image, make_scene(7, index, {.variety = 1}).image) << index;
    equal_layouts += plain.owner == varied.owner;
    for (const WorldObject& object : varied.objects) smallest = std::min(smallest, object.extent * 100 / 128);
    pictures.insert(hash_of(varied.image.data));
  }
  EXPECT_NEAR(equal_layouts, 50, 15);
  EXPECT_LT(smallest, 13);
  EXPECT_EQ(pictures.size(), 100U);
  int plain = 0;
  for (std::uint64_t index = 0; index < 200; ++index)
    plain += make_scene(7, index).image == make_scene(7, index, {.variety = .25}).image;
  EXPECT_NEAR(plain, 150, 20);
}

// What the domain split measures must not have been trained.
TEST(Scene, DomainLooksAreOutsideTheTrainingOnes) {
  Rng rng(3);
  for (int i = 0; i < 500; ++i) {
    const Look varied = draw_varied_look(rng), domain = draw_domain_look(rng);
    EXPECT_NE(varied.ground.kind, domain.ground.kind);
    EXPECT_LT(domain.saturation, varied.saturation);
    EXPECT_GT(domain.hue_jitter, varied.hue_jitter);
    EXPECT_TRUE(domain.camera.blur == 0 || domain.camera.blur > varied.camera.blur);
    EXPECT_TRUE(domain.camera.noise == 0 || domain.camera.noise > varied.camera.noise);
    EXPECT_TRUE(domain.camera.jpeg_quality == 0 || varied.camera.jpeg_quality == 0 ||
                domain.camera.jpeg_quality < varied.camera.jpeg_quality);
  }
}

TEST(Scene, EverythingDependsOnSeedIndexAndSplit) {
  const Scene scene = make_scene(1, 2);
  EXPECT_EQ(make_scene(1, 2).image, scene.image);
  EXPECT_NE(make_scene(1, 3).image, scene.image);
  EXPECT_NE(make_scene(2, 2).image, scene.image);
  EXPECT_NE(make_scene(1, 2, {.split = Split::val}).image, scene.image);
}

TEST(Scene, BoxesAndAreasFitTheMasks) {
  for (std::uint64_t index = 0; index < 300; ++index) {
    const Scene scene = make_scene(3, index, {.split = index % 2 == 0 ? Split::train : Split::len});
    ASSERT_EQ(scene.owner.size(), 128U * 128U);
    for (std::size_t i = 0; i < scene.objects.size(); ++i) {
      int area = 0, left = 128, top = 128, right = 0, bottom = 0;
      for (int y = 0; y < 128; ++y) {
        for (int x = 0; x < 128; ++x) {
          if (scene.owner[static_cast<std::size_t>(y * 128 + x)] != i + 1) continue;
          ++area;
          left = std::min(left, x);
          right = std::max(right, x + 1);
          top = std::min(top, y);
          bottom = std::max(bottom, y + 1);
        }
      }
      const WorldObject& object = scene.objects[i];
      EXPECT_EQ(omma::area(visible_mask(scene, static_cast<int>(i))), area);
      EXPECT_EQ(object.area, area);
      EXPECT_GT(area, 20);
      EXPECT_EQ(object.box,
                (Box{static_cast<float>(left), static_cast<float>(top), static_cast<float>(right), static_cast<float>(bottom)}));
      EXPECT_GE(object.extent, 128 * 17 / 100);
      EXPECT_LE(object.extent, 128 * 42 / 100);
    }
  }
}

TEST(Scene, AtMostThirtyPerCentOfAnObjectIsCovered) {
  for (std::uint64_t index = 0; index < 100; ++index) {
    Rng rng(11, index);
    const Layout layout = place_objects(draw_objects(8, {.split = Split::len}, rng), {.split = Split::len}, 17, rng);
    for (std::size_t i = 0; i < layout.objects.size(); ++i) {
      const auto seen = std::count(layout.owner.begin(), layout.owner.end(), i + 1);
      EXPECT_GE(static_cast<double>(seen), .7 * layout.objects[i].stamps.front().area);
    }
  }
}

TEST(Scene, ObjectCountsFollowTheSplit) {
  std::set<std::size_t> train, len;
  for (std::uint64_t index = 0; index < 200; ++index) {
    train.insert(make_scene(4, index).objects.size());
    len.insert(make_scene(4, index, {.split = Split::len}).objects.size());
  }
  EXPECT_EQ(train, (std::set<std::size_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(len, (std::set<std::size_t>{7, 8, 9}));
  EXPECT_EQ(make_scene(4, 0, {.min_objects = 3, .max_objects = 3}).objects.size(), 3U);
}

TEST(Scene, RefusesOptionsOutOfRange) {
  EXPECT_THROW(make_scene(0, 0, {.size = 31}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.size = 5000}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.min_objects = 4, .max_objects = 2}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.max_objects = 10}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.variety = 1.5}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.together = -.1}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.together = 1.5}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.together = std::nan("")}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, std::uint64_t{1} << 56), std::invalid_argument);
}

TEST(Scene, ColorsLookLikeTheirNames) {
  // Over many scenes, the mean of the pixels that an object owns has the tint's strongest and weakest channels.
  std::array<std::array<double, 3>, world_color_count> mean{};
  for (std::uint64_t index = 0; index < 200; ++index) {
    const Scene scene = make_scene(5, index);
    const ClassMap map = class_map(scene);
    for (std::size_t i = 0; i < map.colors.size(); ++i)
      for (std::size_t c = 0; c < 3 && map.colors[i] > 0; ++c) mean[map.colors[i] - 1U][c] += scene.image.data[3 * i + c];
  }
  const auto [red, yellow, green, blue, purple, gray] = mean;
  EXPECT_TRUE(red[0] > 3 * red[1] && red[0] > 3 * red[2]);
  EXPECT_TRUE(yellow[0] > yellow[1] && yellow[1] > 3 * yellow[2]);
  EXPECT_TRUE(green[1] > 3 * green[0] && green[1] > 3 * green[2]);
  EXPECT_TRUE(blue[2] > 2 * blue[1] && blue[1] > blue[0]);
  EXPECT_TRUE(purple[2] > purple[0] && purple[0] > 3 * purple[1]);
  EXPECT_TRUE(gray[0] < 1.1 * gray[1] && gray[1] < 1.1 * gray[2] && gray[2] < 1.1 * gray[0]);
}

TEST(Scene, ClassMapFollowsTheObjects) {
  const Scene scene = make_scene(6, 1, {.min_objects = 4, .max_objects = 6});
  const ClassMap map = class_map(scene);
  for (std::size_t i = 0; i < scene.owner.size(); ++i) {
    if (scene.owner[i] == 0) {
      EXPECT_EQ(map.names[i], 0);
      EXPECT_EQ(map.colors[i], 0);
    } else {
      EXPECT_EQ(map.names[i], scene.objects[scene.owner[i] - 1U].name + 1);
      EXPECT_EQ(map.colors[i], scene.objects[scene.owner[i] - 1U].color + 1);
    }
  }
}

TEST(Scene, RelationsByCentreAndExtent) {
  Scene scene{.image = Image(100, 100)};
  scene.objects = {
      {.box = {0, 0, 20, 20}, .extent = 20}, {.box = {30, 0, 60, 30}, .extent = 30}, {.box = {4, 0, 24, 20}, .extent = 22}};
  EXPECT_TRUE(holds(scene, Relation::left_of, 0, 1));
  EXPECT_TRUE(holds(scene, Relation::right_of, 1, 0));
  EXPECT_FALSE(holds(scene, Relation::left_of, 0, 2));  // 4 pixels are within the margin
  EXPECT_FALSE(holds(scene, Relation::above, 0, 1));    // 5 pixels
  EXPECT_TRUE(holds(scene, Relation::larger, 1, 0));
  EXPECT_TRUE(holds(scene, Relation::smaller, 0, 1));
  EXPECT_FALSE(holds(scene, Relation::larger, 2, 0));
  EXPECT_EQ(size_word(scene, 0), "small");
  EXPECT_EQ(size_word(scene, 1), "");
}

}  // namespace
}  // namespace omma
