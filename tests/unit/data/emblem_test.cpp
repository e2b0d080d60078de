#include "omma/data/world/emblem.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "omma/data/world/language.h"
#include "omma/data/world/layout.h"
#include "omma/data/world/mask_questions.h"
#include "omma/data/world_masks.h"
#include "tests/unit/data/scene_hash.h"

namespace omma {
namespace {

constexpr std::array emblem_splits = {Split::train, Split::val, Split::test, Split::combo, Split::len, Split::domain};

// These pixels are what the embedded segmenter was trained on: a change here means training it anew.
TEST(Emblem, PixelsAreTheSameOnEveryMachine) {
  EXPECT_EQ(hash_of_scenes({.emblems = .5}, 50), 366715078601079052U);
  EXPECT_EQ(hash_of_scenes({.size = 64, .split = Split::val, .emblems = 1}, 50), 494943659249223578U);
  EXPECT_EQ(hash_of_scenes({.size = 320, .split = Split::len, .emblems = .5}, 5), 446972163683248542U);
  EXPECT_EQ(hash_of_scenes({.split = Split::domain, .emblems = .5}, 50), 7894042684022010327U);
  EXPECT_EQ(hash_of_scenes({.split = Split::combo, .emblems = .5}, 50), 17076604864107996727U);
}

TEST(Emblem, ShapesLieInEachOther) {
  std::set<std::pair<Shape, Shape>> pairs;
  std::set<Shape> marks;
  for (std::uint64_t stream = 0; stream < 2000; ++stream) {
    Rng rng(1, stream);
    const Emblem emblem = design_emblem(static_cast<int>(stream % world_color_count), rng.between(18, 60), rng);
    const std::vector<Stamp> stamps = draw_emblem(emblem);
    ASSERT_EQ(stamps.size(), 3U);
    for (std::size_t level = 1; level < 3; ++level) {
      EXPECT_NE(emblem[level].color, emblem[level - 1].color);
      EXPECT_GT(stamps[level].area, 0) << stream;
      EXPECT_LT(stamps[level].area * 5, stamps[level - 1].area * 4) << stream;
      for (std::size_t i = 0; i < stamps[level].texels.size(); ++i)
        EXPECT_LE(stamps[level].texels[i].alpha >= Stamp::solid, stamps[level - 1].texels[i].alpha >= Stamp::solid) << stream;
    }
    pairs.emplace(emblem[0].pose.shape, emblem[1].pose.shape);
    marks.insert(emblem[2].pose.shape);
  }
  EXPECT_EQ(pairs.size(), 36U);  // of 42: the others leave no room
  EXPECT_EQ(marks, (std::set{Shape::disc, Shape::stripe}));
}

TEST(Emblem, SomeObjectsAreEmblemsAsOftenAsAsked) {
  int emblems = 0, objects = 0;
  for (std::uint64_t index = 0; index < 400; ++index) {
    const Scene scene = make_scene(2, index, {.emblems = .3});
    for (const WorldObject& object : scene.objects) {
      EXPECT_EQ(object.levels.size(), object.name == world_emblem ? 3U : 0U);
      emblems += object.name == world_emblem;
      ++objects;
    }
    EXPECT_EQ(scene.level.empty(), !has_emblems(scene));
  }
  EXPECT_NEAR(emblems, .3 * objects, .04 * objects);
  EXPECT_FALSE(has_emblems(make_scene(2, 3)));
  for (const WorldObject& object : make_scene(2, 3, {.emblems = 1}).objects) EXPECT_EQ(object.name, world_emblem);
}

TEST(Emblem, MasksAreWhatThePictureShows) {
  for (std::uint64_t index = 0; index < 200; ++index) {
    const Scene scene = make_scene(3, index, {.split = emblem_splits[index % 6], .emblems = .6});
    Mask shown(128, 128);
    for (const MaskedObject& object : masked_objects(scene)) {
      EXPECT_EQ(area(object.visible), object.area);
      EXPECT_GT(object.area, 0);
      EXPECT_EQ(bounding_box(object.visible), object.box);
      for (std::size_t i = 0; i < shown.data.size(); ++i) {
        if (object.visible.data[i] == 0) continue;
        EXPECT_EQ(scene.owner[i], object.object + 1);
        if (object.level == MaskLevel::whole) ++shown.data[i];
      }
    }
    for (std::size_t i = 0; i < shown.data.size(); ++i) EXPECT_EQ(shown.data[i], scene.owner[i] != 0);
  }
}

TEST(Emblem, AClickOnTheMarkHasThreeAnswersAndOneOnTheRingOne) {
  int marks = 0;
  for (std::uint64_t index = 0; index < 100; ++index) {
    const Scene scene = make_scene(4, index, {.emblems = .5});
    const std::vector<MaskedObject> objects = masked_objects(scene);
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const MaskedObject& inner = objects[i];
      EXPECT_EQ(inner.parent, inner.level == MaskLevel::whole ? -1 : static_cast<int>(i) - 1);
      if (inner.level == MaskLevel::whole) continue;
      const MaskedObject& outer = objects[static_cast<std::size_t>(inner.parent)];
      EXPECT_EQ(inner.object, outer.object);
      EXPECT_EQ(static_cast<int>(inner.level), static_cast<int>(outer.level) + 1);
      EXPECT_LT(inner.area, outer.area);
      for (std::size_t k = 0; k < inner.visible.data.size(); ++k) EXPECT_LE(inner.visible.data[k], outer.visible.data[k]);
      marks += inner.level == MaskLevel::sub_part;
    }
    for (std::size_t k = 0; k < scene.owner.size() && has_emblems(scene); ++k) {
      int answers = 0;
      for (const MaskedObject& object : objects) answers += object.visible.data[k];
      EXPECT_EQ(answers, scene.owner[k] == 0 ? 0 : scene.level[k] + 1);
    }
  }
  EXPECT_GT(marks, 100);
}

// Whether a pixel is of the colour, whatever its brightness.
bool is_of_color(const std::uint8_t* rgb, int color) {
  const auto [r, g, b] = std::array<int, 3>{rgb[0], rgb[1], rgb[2]};
  const std::array<bool, world_color_count> is = {r > 3 * g && r > 3 * b, r > g && g > 3 * b, g > 3 * r && g > 3 * b,
                                                  b > 2 * g && g > r,     b > r && r > 3 * g, r == g && g == b};
  return is[static_cast<std::size_t>(color)];
}

// Seen by no camera and behind nothing, a shape has its colour all over but for its soft edge, and no other pixel has.
TEST(Emblem, EveryMasksPixelsHaveThatShapesColor) {
  std::array<int, 3> checked{};
  for (std::uint64_t index = 0; index < 100; ++index) {
    const Scene scene = make_scene(5, index, {.max_objects = 1, .emblems = 1});
    const std::vector<EmblemPart>& levels = scene.objects.front().levels;
    const auto shape_at = [&](int x, int y) {
      const auto i = static_cast<std::size_t>(y * 128 + x);
      return scene.owner[i] == 0 ? -1 : int{scene.level[i]};
    };
    for (int y = 2; y < 126; ++y) {
      for (int x = 2; x < 126; ++x) {
        const int shape = shape_at(x, y);
        bool is_edge = false;
        for (int i = 0; i < 25; ++i) is_edge = is_edge || shape_at(x + i % 5 - 2, y + i / 5 - 2) != shape;
        if (is_edge) continue;
        for (int level = 0; level < 3; ++level) {
          const int color = levels[static_cast<std::size_t>(level)].color;
          if (shape == -1) {
            EXPECT_TRUE(color == world_color_count - 1 || !is_of_color(scene.image.pixel(x, y), color)) << index;
          } else if (level == shape) {
            EXPECT_TRUE(is_of_color(scene.image.pixel(x, y), color)) << index << " " << x << " " << y;
            ++checked[static_cast<std::size_t>(level)];
          }
        }
      }
    }
  }
  for (const int count : checked) EXPECT_GT(count, 500);
}

TEST(Emblem, AtMostThirtyPerCentOfAShapeIsCovered) {
  for (std::uint64_t index = 0; index < 100; ++index) {
    Rng rng(11, index);
    auto objects = draw_objects(6, {}, rng);
    replace_by_emblems(.5, Split::train, objects, rng);
    const Layout layout = place_objects(objects, {}, 17, rng);
    for (std::size_t i = 0; i < layout.objects.size(); ++i) {
      for (std::size_t level = 0; level < layout.objects[i].stamps.size(); ++level) {
        const auto seen = std::ranges::count_if(layout.owner, [&](std::uint8_t owner) {
          return owner % Layout::level_step == i + 1 && owner / Layout::level_step >= level;
        });
        EXPECT_GE(static_cast<double>(seen), .7 * layout.objects[i].stamps[level].area);
      }
    }
  }
}

TEST(Emblem, VarietyChangesThePictureAndNotTheMasks) {
  int equal_masks = 0, equal_pictures = 0;
  for (std::uint64_t index = 0; index < 40; ++index) {
    const Scene plain = make_scene(6, index, {.emblems = .5}), varied = make_scene(6, index, {.variety = 1, .emblems = .5});
    equal_masks += plain.owner == varied.owner && plain.level == varied.level;
    equal_pictures += plain.image == varied.image;
  }
  EXPECT_NEAR(equal_masks, 20, 8);  // else objects may be smaller
  EXPECT_EQ(equal_pictures, 0);
}

TEST(Emblem, ScenesBelongToOneSplit) {
  std::set<std::vector<std::uint8_t>> seen;
  for (const Split split : emblem_splits) {
    for (std::uint64_t index = 0; index < 100; ++index) {
      const Scene scene = make_scene(8, index, {.size = 64, .split = split, .emblems = .5});
      EXPECT_TRUE(seen.insert(scene.image.data).second) << name_of(split) << " " << index;
      int held_out = 0;
      for (const WorldObject& object : scene.objects) held_out += is_combo_pair(object.name, object.color);
      EXPECT_EQ(held_out > 0, split == Split::combo) << name_of(split) << " " << index;
    }
    for (std::uint64_t index = 0; index < 30; ++index) {
      Rng rng(2, index);
      auto objects = draw_objects(3, {.split = split}, rng);
      replace_by_emblems(.5, split, objects, rng);
      EXPECT_EQ(split_of_content(content_hash(place_objects(objects, {.split = split}, 17, rng).objects)), split);
    }
  }
}

TEST(Emblem, TwoOfThemAreTwoContents) {
  Rng rng(1);
  const PlacedObject one{.pose = {.name = world_emblem, .extent = 40}, .emblem = design_emblem(0, 40, rng)};
  PlacedObject other = one;
  EXPECT_EQ(content_hash({one}), content_hash({other}));
  (*other.emblem)[2].pose.shape = one.emblem->at(2).pose.shape == Shape::disc ? Shape::stripe : Shape::disc;
  EXPECT_NE(content_hash({one}), content_hash({other}));
}

TEST(Emblem, NoTextSpeaksOfThem) {
  const Scene scene = make_scene(2, 3, {.emblems = 1});
  Rng rng(1);
  EXPECT_THROW(captions(scene, rng), std::invalid_argument);
  EXPECT_THROW(questions(scene, rng), std::invalid_argument);
  EXPECT_THROW(mask_questions(scene, rng), std::invalid_argument);
  EXPECT_THROW(referring_phrases(scene, rng), std::invalid_argument);
  EXPECT_THROW(class_map(scene), std::invalid_argument);
}

TEST(Emblem, RefusesOptionsOutOfRange) {
  EXPECT_THROW(make_scene(0, 0, {.emblems = -.1}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.emblems = 1.1}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, 0, {.size = 63, .emblems = .5}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
