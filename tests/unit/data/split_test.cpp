#include "omma/data/world/split.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "omma/data/world/layout.h"
#include "omma/data/world/scene.h"

namespace omma {
namespace {

constexpr std::array splits = {Split::train, Split::val, Split::test, Split::combo, Split::len, Split::domain};

TEST(Split, NamesRoundTrip) {
  for (const Split split : splits) EXPECT_EQ(parse_split(name_of(split)), split);
  EXPECT_THROW(parse_split("dev"), std::invalid_argument);
}

TEST(Split, ComboPairsLeaveEnoughPartners) {
  std::array<int, world_name_count> of_name{};
  std::array<int, world_color_count> of_color{};
  for (int name = 0; name < world_name_count; ++name) {
    for (int color = 0; color < world_color_count; ++color) {
      of_name[static_cast<std::size_t>(name)] += is_combo_pair(name, color);
      of_color[static_cast<std::size_t>(color)] += is_combo_pair(name, color);
    }
  }
  int held_out = 0;
  for (const int count : of_name) {
    held_out += count;
    EXPECT_LE(count, world_color_count - 3);
  }
  for (const int count : of_color) EXPECT_LE(count, world_name_count - 3);
  EXPECT_EQ(held_out, 24);
}

// The pairs are part of what a published result means.
TEST(Split, ComboPairsNeverChange) {
  std::uint64_t hash = 0;
  for (const ColorName& pair : combo_pairs())
    hash = hash * 193 + static_cast<std::uint64_t>(pair.name * world_color_count + pair.color);
  EXPECT_EQ(hash, 11120387724311182410U);
}

TEST(Split, HeldOutPairsStandInComboScenesOnly) {
  for (const Split split : splits) {
    for (std::uint64_t index = 0; index < 300; ++index) {
      int held_out = 0;
      for (const WorldObject& object : make_scene(1, index, {.size = 64, .split = split}).objects)
        held_out += is_combo_pair(object.name, object.color);
      EXPECT_EQ(held_out > 0, split == Split::combo) << name_of(split) << " " << index;
    }
  }
}

TEST(Split, EveryLayoutBelongsToItsSplitAlone) {
  for (const Split split : splits) {
    for (std::uint64_t index = 0; index < 50; ++index) {
      Rng rng(2, index);
      Layout layout = place_objects(draw_objects(3, {.split = split}, rng), {.split = split}, 17, rng);
      EXPECT_EQ(split_of_content(content_hash(layout.objects)), split);
      std::swap(layout.objects.front(), layout.objects.back());
      EXPECT_EQ(split_of_content(content_hash(layout.objects)), split);
    }
  }
}

TEST(Split, NoSceneInTwoSplits) {
  std::set<std::string> seen;
  for (const Split split : splits) {
    for (std::uint64_t index = 0; index < 200; ++index) {
      const std::vector<std::uint8_t> pixels = make_scene(8, index, {.size = 64, .split = split}).image.data;
      EXPECT_TRUE(seen.emplace(pixels.begin(), pixels.end()).second) << name_of(split) << " " << index;
    }
  }
}

}  // namespace
}  // namespace omma
