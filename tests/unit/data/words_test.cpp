#include "omma/data/world/words.h"

#include <gtest/gtest.h>

#include <set>

namespace omma {
namespace {

TEST(Words, AllAreDistinctAndFound) {
  std::set<std::string_view> seen;
  for (int name = 0; name < world_name_count; ++name) {
    EXPECT_TRUE(seen.insert(world_noun(name).singular).second);
    EXPECT_EQ(find_world_name(world_noun(name).singular), name);
    EXPECT_EQ(find_world_name(world_noun(name).plural), name);
  }
  for (int color = 0; color < world_color_count; ++color) EXPECT_EQ(find_world_color(world_color(color)), color);
  EXPECT_EQ(find_world_name("sheep"), std::nullopt);
}

TEST(Words, EnglishForms) {
  EXPECT_EQ(world_noun(*find_world_name("bus")).plural, "buses");
  EXPECT_EQ(world_noun(*find_world_name("person")).plural, "people");
  EXPECT_EQ(world_noun(*find_world_name("fish")).plural, "fish");
  EXPECT_EQ(with_article("apple"), "an apple");
  EXPECT_EQ(with_article("umbrella"), "an umbrella");
  EXPECT_EQ(with_article("red apple"), "a red apple");
  EXPECT_EQ(number_word(3), "three");
  EXPECT_EQ(number_word(12), "12");
}

TEST(Words, RefuseIndicesOutOfRange) {
  EXPECT_THROW(world_noun(32), std::invalid_argument);
  EXPECT_THROW(world_noun(-1), std::invalid_argument);
  EXPECT_THROW(world_color(6), std::invalid_argument);
}

}  // namespace
}  // namespace omma
