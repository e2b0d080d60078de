#include "omma/data/world/mask_questions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace omma {
namespace {

// Two blue dogs of different size left of and right of a red bus.
Scene three_objects() {
  Scene scene{.image = Image(100, 100), .owner = std::vector<std::uint8_t>(10000)};
  const int dog = *find_world_name("dog"), bus = *find_world_name("bus");
  scene.objects = {{.name = dog, .color = 3, .box = {0, 40, 20, 60}, .area = 300, .extent = 20},
                   {.name = bus, .color = 0, .box = {40, 40, 60, 60}, .area = 400, .extent = 20},
                   {.name = dog, .color = 3, .box = {80, 40, 100, 60}, .area = 380, .extent = 20}};
  return scene;
}

TEST(MaskQuestions, AreAboutWhatTheyName) {
  const Scene scene = three_objects();
  std::map<std::string, std::vector<int>> found;
  std::map<std::string, double> shares;
  for (std::uint64_t stream = 0; stream < 300; ++stream) {
    Rng rng(1, stream);
    for (const MaskQuestion& question : mask_questions(scene, rng)) {
      found[question.text] = question.objects;
      if (question.type == MaskQuestionType::area) shares[question.text] = question.per_cent;
    }
  }
  const std::map<std::string, std::vector<int>> expected = {{"Cut out the bus.", {1}},
                                                            {"Cut out the red bus.", {1}},
                                                            {"Cut out the blue dogs.", {0, 2}},
                                                            {"Segment the dogs.", {0, 2}},
                                                            {"How much of the picture is the largest dog?", {2}},
                                                            {"How much of the picture is the red bus?", {1}},
                                                            {"Segment what is left of the bus.", {0}},
                                                            {"Cut out what is to the right of the red bus.", {2}}};
  for (const auto& [text, objects] : expected) {
    ASSERT_TRUE(found.contains(text)) << text;
    EXPECT_EQ(found[text], objects) << text;
  }
  EXPECT_DOUBLE_EQ(shares["How much of the picture is the largest dog?"], 3.8);
  EXPECT_FALSE(found.contains("Segment what is above the bus."));
}

TEST(MaskQuestions, TheLargestIsLargerByAQuarter) {
  Scene scene = three_objects();
  const ObjectQuery dogs{.name = find_world_name("dog"), .color = {}, .size = ""};
  EXPECT_EQ(largest_object(scene, dogs), 2);
  scene.objects[2].area = 374;
  EXPECT_EQ(largest_object(scene, dogs), std::nullopt);
  EXPECT_EQ(largest_object(scene, {.name = find_world_name("bus"), .color = {}, .size = ""}), 1);
  EXPECT_EQ(largest_object(scene, {.name = find_world_name("cat"), .color = {}, .size = ""}), std::nullopt);
}

TEST(MaskQuestions, TheOnlyObjectThere) {
  const Scene scene = three_objects();
  EXPECT_EQ(only_object(scene, Relation::left_of, 1), 0);
  EXPECT_EQ(only_object(scene, Relation::right_of, 1), 2);
  EXPECT_EQ(only_object(scene, Relation::right_of, 0), std::nullopt);  // two are
  EXPECT_EQ(only_object(scene, Relation::above, 1), std::nullopt);
  EXPECT_THROW(only_object(scene, Relation::larger, 1), std::invalid_argument);
}

TEST(MaskQuestions, AnswersFollowFromTheQuestionsOwnAccount) {
  std::map<MaskQuestionType, int> asked;
  std::set<std::string> taught;
  for (std::uint64_t index = 0; index < 600; ++index) {
    const Scene scene = make_scene(6, index, {.size = 64, .split = index % 5 == 0 ? Split::combo : Split::train});
    for (const Wording wording : {Wording::taught, Wording::held_out}) {
      Rng rng(7, index);
      for (const MaskQuestion& question : mask_questions(scene, rng, wording)) {
        ++asked[question.type];
        EXPECT_EQ(question.text.find('{'), std::string::npos) << question.text;
        std::size_t pixels = 0;
        for (const int object : question.objects) pixels += static_cast<std::size_t>(area(visible_mask(scene, object)));
        EXPECT_DOUBLE_EQ(question.per_cent, 100.0 * static_cast<double>(pixels) / (64 * 64));
        if (question.type == MaskQuestionType::mask_relation) {
          const std::vector<int> references = find_objects(scene, question.reference);
          ASSERT_EQ(references.size(), 1U);
          EXPECT_EQ(question.objects, std::vector{*only_object(scene, question.relation, references.front())});
        } else if (question.type == MaskQuestionType::area) {
          EXPECT_EQ(question.objects, std::vector{*largest_object(scene, question.subject)});
          EXPECT_EQ(question.largest, question.text.find("largest") != std::string::npos);
        } else {
          EXPECT_EQ(question.objects, find_objects(scene, question.subject));
        }
        EXPECT_TRUE(may_be_said(question.subject, scene.split)) << question.text;
        if (wording == Wording::taught)
          taught.insert(question.text);
        else
          EXPECT_FALSE(taught.contains(question.text)) << question.text;
      }
    }
  }
  for (const auto& [type, count] : asked) EXPECT_GT(count, 400) << name_of(type);
  EXPECT_EQ(asked.size(), 3U);
}

}  // namespace
}  // namespace omma
