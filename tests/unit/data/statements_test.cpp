#include "omma/data/statements.h"

#include <gtest/gtest.h>

#include <array>

#include "omma/data/judgement.h"
#include "omma/data/world/words.h"

namespace omma {
namespace {

std::vector<std::string> read(std::string_view text, std::string_view question = "") {
  std::vector<std::string> texts;
  for (const Statement& statement : read_statements(text, Lexicon::world(), question))
    texts.push_back(text_of(statement, Lexicon::world()));
  return texts;
}
using Texts = std::vector<std::string>;

SeenObject seen(std::string_view color, std::string_view name, Box box) {
  return {.name = *find_world_name(name), .color = find_world_color(color).value_or(-1), .box = box};
}

// Two red dogs on the left, one above the other; a blue car on the right, larger than both; a green tree in the middle.
const std::vector<SeenObject> scene = {seen("red", "dog", {.05F, .05F, .25F, .2F}), seen("red", "dog", {.05F, .7F, .25F, .9F}),
                                       seen("blue", "car", {.6F, .5F, 1, .9F}), seen("green", "tree", {.42F, .4F, .58F, .6F})};

std::string judged(std::string_view text, std::string_view question = "") {
  std::string verdicts;
  for (const Statement& statement : read_statements(text, Lexicon::world(), question))
    verdicts += name_of(judge(statement, scene))[0];
  return verdicts;
}

TEST(Statements, ReadsWhatIsThere) {
  EXPECT_EQ(read("There are two red dogs on the left and a blue car."), (Texts{"2 red dog left", "blue car"}));
  EXPECT_EQ(read("I see no cars or buses, but a large red dog."), (Texts{"no car", "no bus", "large red dog"}));
  EXPECT_EQ(read("There isn't any dog here. We do not see a cat."), (Texts{"no dog", "no cat"}));
  EXPECT_EQ(read("a drawing with three objects: a cat, two fish and 4 gray hats"),
            (Texts{"3 thing", "cat", "2 fish", "4 gray hat"}));
  EXPECT_EQ(read("In the upper-left corner of the picture there is a bus. A dog and a cat are at the bottom."),
            (Texts{"bus top left", "dog bottom", "cat bottom"}));
  EXPECT_EQ(read("On the left is a dog and on the right there is a cat."), (Texts{"dog left", "cat right"}));
  EXPECT_EQ(read("The dog is on the left, the cat on the right."), (Texts{"dog left", "cat right"}));
  EXPECT_EQ(read("There are two red dogs, one at the top and one at the bottom."),
            (Texts{"2 red dog", "red dog top", "red dog bottom"}));
  EXPECT_EQ(read("People stand at the top of the hill."), Texts{"2 person"}) << "a place of something else";
}

TEST(Statements, ReadsHowThingsStand) {
  EXPECT_EQ(read("A red dog is left of a blue car."), (Texts{"red dog", "blue car", "red dog left of blue car"}));
  EXPECT_EQ(read("the dog to the right of the cat"), (Texts{"dog", "cat", "dog right of cat"}));
  EXPECT_EQ(read("The dog is above the cat and bigger than the car."),
            (Texts{"dog", "cat", "car", "dog above cat", "dog larger than car"}));
  EXPECT_EQ(read("The dog is left of the cat and below it."), (Texts{"dog", "cat", "dog left of cat", "dog below cat"}));
  EXPECT_EQ(read("Below the tree is a cup."), (Texts{"tree", "cup", "cup below tree"}));
  EXPECT_EQ(read("The dog is not left of the cat."), (Texts{"dog", "cat", "not: dog left of cat"}));
  EXPECT_EQ(read("The leftmost object is the red dog."), (Texts{"red dog", "red dog left of all others"}));
  EXPECT_EQ(read("The red dog is the largest."), (Texts{"red dog", "red dog larger than all others"}));
  EXPECT_EQ(read("There are more dogs than cats."), Texts{"more dog than cat"});
  EXPECT_EQ(read("The dog is red and the cats are blue."), (Texts{"dog", "cat", "dog is red", "cat is blue"}));
  EXPECT_EQ(read("The dog is on the right. It is green."), (Texts{"dog right", "dog is green"}));
}

TEST(Statements, AnswersSayWhatTheQuestionAsks) {
  EXPECT_EQ(read("Yes, there is one.", "Is there a red dog?"), Texts{"red dog"});
  EXPECT_EQ(read("no", "Are there any red dogs in the picture?"), Texts{"not: red dog"});
  EXPECT_EQ(read("No, there is only a blue car.", "Do you see a dog?"), (Texts{"not: dog", "blue car"}));
  EXPECT_EQ(read("Two.", "How many dogs are there?"), Texts{"2 dog"});
  EXPECT_EQ(read("There are none.", "How many dogs are there?"), Texts{"not: dog"});
  EXPECT_EQ(read("0", "How many dogs are there?"), Texts{"not: dog"});
  EXPECT_EQ(read("Red.", "What colour is the dog?"), Texts{"dog is red"});
  EXPECT_EQ(read("It is red.", "What color is the dog?"), Texts{"dog is red"});
  EXPECT_EQ(read("No, it is right of the cat.", "Is the dog left of the cat?"),
            (Texts{"not: dog left of cat", "cat", "dog right of cat"}));
  EXPECT_EQ(read("Yes.", "Are there more dogs than cats?"), Texts{"more dog than cat"});
}

TEST(Statements, GuessesAndQuestionsStateNothing) {
  EXPECT_EQ(read("Perhaps there is a dog. Is there a cat? If a car came, it would be red."), Texts{});
  EXPECT_EQ(read("A lovely day; nobody around."), Texts{});
  EXPECT_EQ(read(""), Texts{});
}

TEST(Statements, AreJudgedByTheScene) {
  EXPECT_EQ(judged("There are two red dogs on the left and a blue car."), "tt");
  EXPECT_EQ(judged("There are three dogs. There is one car. There is a cat. There is no cat."), "ftft");
  EXPECT_EQ(judged("There are four objects: a tree and a dog on the right."), "ttf");
  EXPECT_EQ(judged("A red dog is left of a blue car."), "ttt");
  EXPECT_EQ(judged("The car is left of the tree. The car is not left of the tree."), "ttfttt");
  EXPECT_EQ(judged("The car is under a cat."), "tfu") << "what is invented is told once";
  EXPECT_EQ(judged("The tree is in the middle. The tree is at the top."), "tf");
  EXPECT_EQ(judged("The dogs are red. The car is red."), "tttf");
  EXPECT_EQ(judged("The car is the largest object. The tree is the smallest."), "tttf");
  EXPECT_EQ(judged("There are more dogs than cars. There are fewer dogs than cars."), "tf");
  EXPECT_EQ(judged("A small dog."), "u");
  EXPECT_EQ(judged("yes", "Is there a dog left of a tree?"), "t");
  EXPECT_EQ(judged("no", "Is there a dog left of a tree?"), "f");
}

TEST(Statements, WithoutColorsAndWithCrowds) {
  const std::array<std::string, 2> names = {"traffic light", "person"};
  const Lexicon lexicon(names);
  const std::array<SeenObject, 2> objects = {SeenObject{.name = 0, .box = {0, 0, .1F, .2F}},
                                             SeenObject{.name = 1, .box = {0, .5F, 1, 1}, .crowd = true}};
  std::string verdicts;
  for (const Statement& statement :
       read_statements("A red traffic light. Two traffic lights. There are five people. There is one person.", lexicon))
    verdicts += name_of(judge(statement, objects))[0];
  EXPECT_EQ(verdicts, "ufuu");
}

TEST(Lexicon, KnowsPlurals) {
  EXPECT_EQ(plural_of("wine glass"), "wine glasses");
  EXPECT_EQ(plural_of("teddy bear"), "teddy bears");
  EXPECT_EQ(plural_of("person"), "people");
  EXPECT_EQ(plural_of("berry"), "berries");
  EXPECT_EQ(Lexicon::world().plural(*Lexicon::world().find_name("bus")), "buses");
  EXPECT_EQ(Lexicon::world().find_name("animal"), std::nullopt);
}

}  // namespace
}  // namespace omma
