#include "omma/agent/evaluation/expected_answer.h"

#include <gtest/gtest.h>

#include "omma/agent/evaluation/said_words.h"

namespace omma {
namespace {

const ThingNames& names() {
  static const ThingNames known = [] {
    ThingNames made;
    for (const char* name : {"dog", "cat", "car", "bus", "red blood cell"}) made.add(name);
    made.add("truck", {"lorry"});
    made.add("person", {"man"});
    made.add("thing", {"anything"});
    return made;
  }();
  return known;
}

bool right(const json& expected, const std::string& said, double mask_iou = 0) {
  return is_right(read_expected_answer(expected, "test"), {.text = said, .mask_iou = mask_iou}, names());
}

TEST(ThingNames, PluralsArticlesCaseAndSynonyms) {
  EXPECT_EQ(names().plain("The grey Lorries"), "gray truck");
  EXPECT_EQ(names().plain("people"), "person");
  EXPECT_EQ(names().plain("buses"), "bus");
  EXPECT_EQ(names().plain("red blood cells"), "red blood cell");
  EXPECT_EQ(names().plain("blue zebras"), "blue zebras");
  EXPECT_EQ(names().said_in("Two dogs, a lorry and RED blood cells; no zebra"),
            (std::vector<std::string>{"dog", "truck", "red blood cell"}));
  EXPECT_EQ(plain_words("It's 14:12, 2.5 %."), (std::vector<std::string>{"it", "s", "14:12", "2.5"}));
  ThingNames other = names();
  EXPECT_THROW(other.add("van", {"lorries"}), std::invalid_argument);
  EXPECT_THROW(other.add("..."), std::invalid_argument);
  EXPECT_NO_THROW(other.add("truck"));
}

TEST(ExpectedAnswer, Numbers) {
  const json three = {{"number", 3}}, none = {{"number", 0}};
  for (const char* said : {"3", "Three.", "There are 3 dogs, not 4", "No cats but three dogs", "3.0"})
    EXPECT_TRUE(right(three, said)) << said;
  for (const char* said : {"13", "", "a few", "4, not 3", "none"}) EXPECT_FALSE(right(three, said)) << said;
  for (const char* said : {"0", "none", "There are no dogs.", "zero"}) EXPECT_TRUE(right(none, said)) << said;
}

TEST(ExpectedAnswer, YesAndNo) {
  const json yes = {{"yes", true}}, no = {{"yes", false}};
  for (const char* said : {"yes", "Yep, two of them", "There is a dog.", "True", "I see one"})
    EXPECT_TRUE(right(yes, said)) << said;
  for (const char* said : {"No.", "nope", "There isn't any", "I see no dog", "There are not enough", "false"})
    EXPECT_TRUE(right(no, said)) << said;
  for (const char* said : {"", "dog", "I cannot tell", "I don't know"}) {
    EXPECT_FALSE(right(yes, said)) << said;
    EXPECT_FALSE(right(no, said)) << said;
  }
}

TEST(ExpectedAnswer, NamesColorsAndPlaces) {
  EXPECT_TRUE(right({{"name", "truck"}}, "The lorry is larger than the car."));
  EXPECT_FALSE(right({{"name", "car"}}, "The lorry is larger than the car."));
  EXPECT_TRUE(right({{"names", {"dog", "cat"}}}, "Three things: two cats, a dog and another cat"));
  EXPECT_FALSE(right({{"names", {"dog", "cat"}}}, "a cat"));
  EXPECT_FALSE(right({{"names", {"dog", "cat"}}}, "a cat, a dog, a car"));
  EXPECT_TRUE(right({{"color", "gray"}}, "It is grey."));
  EXPECT_FALSE(right({{"color", "gray"}}, "red, not gray"));
  EXPECT_TRUE(right({{"place", "top left"}}, "in the upper left corner"));
  EXPECT_FALSE(right({{"place", "top left"}}, "left"));
  EXPECT_TRUE(right({{"place", "center"}}, "the middle"));
  EXPECT_TRUE(right({{"side", "left"}}, "bottom left"));
  EXPECT_FALSE(right({{"side", "left"}}, "left or right"));
}

TEST(ExpectedAnswer, TextsSharesMasksAndTalk) {
  EXPECT_TRUE(right({{"text", "2 flashes 10 seconds"}}, "It flashes 2 times: flashes every 10 seconds"));
  EXPECT_FALSE(right({{"text", "14:12"}}, "14:1"));
  EXPECT_TRUE(right({{"share", 12.4}}, "13 % of the picture"));
  EXPECT_TRUE(right({{"share", 0.3}}, "0.7 %"));
  EXPECT_FALSE(right({{"share", 12.4}}, "15 %"));
  EXPECT_TRUE(right({{"mask", {1}}}, "done", 0.5));
  EXPECT_FALSE(right({{"mask", {1}}}, "done", 0.49));
  EXPECT_TRUE(right({{"refusal", true}}, "I can only answer questions about the picture."));
  EXPECT_FALSE(right({{"refusal", true}}, "I can tell you: 42"));
  EXPECT_FALSE(right({{"talk", true}}, " ... "));
}

TEST(ExpectedAnswer, PartsInTheirOrder) {
  const json both = {{"all", {{{"number", 2}}, {{"number", 3}}}}};
  EXPECT_TRUE(right(both, "2 dogs and three cats"));
  EXPECT_FALSE(right(both, "3 dogs and 2 cats"));
  EXPECT_TRUE(right({{"all", {{{"yes", true}}, {{"yes", false}}}}}, "Yes; no."));
  EXPECT_FALSE(right({{"all", {{{"yes", true}}, {{"yes", false}}}}}, "no, yes"));
  EXPECT_TRUE(right({{"all", {{{"color", "red"}}, {{"number", 2}}}}}, "2 of them, red"));
  EXPECT_FALSE(right({{"all", {{{"color", "red"}}, {{"number", 2}}}}}, "2 of them"));
  EXPECT_TRUE(right({{"any", {{{"number", 42}}, {{"refusal", true}}}}}, "I cannot do that."));
  EXPECT_FALSE(right({{"any", {{{"number", 42}}, {{"refusal", true}}}}}, "43"));
}

TEST(ExpectedAnswer, RefusesWhatItCannotJudge) {
  for (const char* text : {"{}", "3", R"({"number": -1})", R"({"number": "3"})", R"({"number": 3, "yes": true})",
                           R"({"yes": "no"})", R"({"names": []})", R"({"names": [1]})", R"({"mask": [-1]})", R"({"mask": [0.5]})",
                           R"({"talk": false})", R"({"share": 101})", R"({"all": [{"number": 1}]})",
                           R"({"all": [{"number": 1}, {}]})", R"({"name": "!"})", R"({"smell": "good"})"})
    EXPECT_THROW(read_expected_answer(json::parse(text), "here"), std::invalid_argument) << text;
}

}  // namespace
}  // namespace omma
