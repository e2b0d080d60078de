#include "omma/agent/evaluation/right_call.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

const ThingNames& known_names() {
  static const ThingNames known = [] {
    ThingNames made;
    for (const char* name : {"dog", "cat", "tree"}) made.add(name);
    made.add("truck", {"lorry"});
    return made;
  }();
  return known;
}

RightCall detect(const json& input) { return {.tool = "detect_objects", .input = input}; }
RightCall segment(const json& input) { return {.tool = "segment_object", .input = input}; }
bool as_good(const RightCall& right, const json& input) { return is_as_good(right, right.tool, input, known_names()); }

TEST(RightCall, NamesInAnyFormAndOrder) {
  const RightCall right = detect({{"objects", {"dog", "truck"}}});
  EXPECT_TRUE(as_good(right, {{"objects", {"the Lorries", "dogs", "dog"}}}));
  EXPECT_FALSE(as_good(right, {{"objects", {"dog"}}}));
  EXPECT_FALSE(as_good(right, {{"objects", {"dog", "truck", "cat"}}}));
  EXPECT_FALSE(as_good(right, {{"objects", {"dog", "red truck"}}}));
  EXPECT_FALSE(as_good(right, {{"objects", {"dog", "truck"}}, {"area", "left"}}));
  EXPECT_FALSE(as_good(right, json::array()));
  EXPECT_FALSE(as_good(right, {{"objects", "dog"}}));
  EXPECT_FALSE(is_as_good(right, "segment_object", right.input, known_names()));
}

TEST(RightCall, ColorsApartOrBeforeTheName) {
  EXPECT_TRUE(as_good(detect({{"objects", {"red dog"}}}), {{"objects", {"dogs"}}, {"colors", {"Red"}}}));
  EXPECT_FALSE(as_good(detect({{"objects", {"red dog"}}}), {{"objects", {"dog"}}}));
  const RightCall which = detect({{"objects", {"dog"}}, {"colors", {"red", "green", "blue", "gray"}}});
  EXPECT_TRUE(as_good(which, {{"objects", {"dog"}}, {"colors", {"black", "white", "red"}}}));
  EXPECT_FALSE(as_good(which, {{"objects", {"dog"}}, {"colors", {"red"}}}));
  EXPECT_FALSE(as_good(which, {{"objects", {"cat"}}, {"colors", {"red", "green", "blue", "gray"}}}));
}

TEST(RightCall, MembersOfOtherTools) {
  EXPECT_TRUE(as_good(segment({{"object", "tree"}}), {{"object", "Trees"}, {"which", "all"}}));
  EXPECT_FALSE(as_good(segment({{"object", "tree"}}), {{"object", "tree"}, {"which", "largest"}}));
  EXPECT_FALSE(as_good(segment({{"object", "tree"}, {"which", "largest"}}), {{"object", "tree"}}));
  const RightCall invented{.tool = "hive_weight", .input = {{"hive", 7}, {"name", "Old Sarum"}, {"wet", true}}};
  EXPECT_TRUE(as_good(invented, {{"hive", 7.0}, {"name", "old sarum"}, {"wet", true}}));
  EXPECT_FALSE(as_good(invented, {{"hive", 8}, {"name", "Old Sarum"}, {"wet", true}}));
  EXPECT_FALSE(as_good(invented, {{"hive", 7}, {"name", "Old Sarum"}, {"wet", false}}));
  EXPECT_FALSE(as_good(invented, {{"hive", 7}, {"name", "Old Sarum"}}));
}

TEST(RightCall, QuestionsInOtherWords) {
  const RightCall asks{.tool = "describe_image", .mentions = {"dog", "weather"}, .asks = true};
  EXPECT_TRUE(as_good(asks, {{"question", "Do the dogs like the WEATHER?"}}));
  EXPECT_FALSE(as_good(asks, {{"question", "Do the dogs like it?"}}));
  EXPECT_FALSE(as_good(asks, json::object()));
  const RightCall describes{.tool = "describe_image"};
  EXPECT_TRUE(as_good(describes, json::object()));
  EXPECT_FALSE(as_good(describes, {{"question", "What is it?"}}));
}

TEST(RightCall, TimesOfAClip) {
  const CallTimes times{.usual = 8, .duration = 20};
  const auto at = [&](const json& right, const json& said) {
    return is_as_good(detect({{"objects", {"dog"}}, {"time", right}}), "detect_objects",
                      said.is_null() ? json{{"objects", {"dog"}}} : json{{"objects", {"dog"}}, {"time", said}}, known_names(),
                      times);
  };
  EXPECT_TRUE(at(8, nullptr));
  EXPECT_TRUE(at(8, 8.4));
  EXPECT_FALSE(at(8, 9));
  EXPECT_TRUE(at("end", 20));
  EXPECT_TRUE(at(20, "end"));
  EXPECT_FALSE(at("end", nullptr));
  EXPECT_FALSE(at(8, "soon"));
}

}  // namespace
}  // namespace omma
