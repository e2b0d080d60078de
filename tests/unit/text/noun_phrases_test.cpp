#include "omma/text/noun_phrases.h"

#include <gtest/gtest.h>

#include <array>

namespace omma {
namespace {

std::vector<std::string> texts(std::string_view sentence) {
  std::vector<std::string> result;
  for (const NounPhrase& phrase : noun_phrases(sentence)) result.push_back(phrase.text);
  return result;
}

struct Row {
  const char* sentence;
  std::vector<std::string> phrases;
};

void expect_all(std::span<const Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(texts(row.sentence), row.phrases) << row.sentence;
}

// These sixty were written before the code.
TEST(NounPhrases, Commands) {
  expect_all(std::array<Row, 12>{{
      {"Find the person and the kite.", {"person", "kite"}},
      {"Show me all the red cars.", {"red cars"}},
      {"Locate the dog next to the bicycle.", {"dog", "bicycle"}},
      {"Detect every traffic light, stop sign and pedestrian.", {"traffic light", "stop sign", "pedestrian"}},
      {"Please count the sheep in this picture.", {"sheep"}},
      {"Segment the man's hat and her blue umbrella.", {"man's hat", "blue umbrella"}},
      {"Look for a bottle of water on the table.", {"bottle of water", "table"}},
      {"Point at the tallest building in the background.", {"tallest building"}},
      {"Can you find my keys and my wallet?", {"keys", "wallet"}},
      {"I want to see the two birds on the wire.", {"birds", "wire"}},
      {"Highlight the front wheel of the motorcycle.", {"front wheel of the motorcycle"}},
      {"Draw a box around each license plate.", {"license plate"}},
  }});
}

TEST(NounPhrases, Questions) {
  expect_all(std::array<Row, 12>{{
      {"Where is the cat?", {"cat"}},
      {"Where are the children playing?", {"children"}},
      {"How many people are wearing helmets?", {"people", "helmets"}},
      {"Is there a fire hydrant on the sidewalk?", {"fire hydrant", "sidewalk"}},
      {"What is the woman holding in her left hand?", {"woman", "left hand"}},
      {"Which dog is bigger, the brown one or the white one?", {"dog", "brown one", "white one"}},
      {"What color is the car behind the bus?", {"car", "bus"}},
      {"Do you see any boats on the lake?", {"boats", "lake"}},
      {"Who is sitting on the bench?", {"bench"}},
      {"Are there more apples than oranges in the bowl?", {"apples", "oranges", "bowl"}},
      {"Is the door open?", {"door"}},
      {"What's in the box?", {"box"}},
  }});
}

TEST(NounPhrases, Captions) {
  expect_all(std::array<Row, 20>{{
      {"A man riding a horse on the beach.", {"man", "horse", "beach"}},
      {"Two black and white cats sleeping on a red sofa", {"black and white cats", "red sofa"}},
      {"A group of people standing in front of a church.", {"group of people", "church"}},
      {"Parked cars along a busy street at night", {"Parked cars", "busy street"}},
      {"A red sports car is parked next to an old brick wall.", {"red sports car", "old brick wall"}},
      {"The dog that is sleeping on the sofa wears a collar.", {"dog", "sofa", "collar"}},
      {"A woman in a yellow dress holds a small child.", {"woman", "yellow dress", "small child"}},
      {"Children play football in a park.", {"Children", "football", "park"}},
      {"A plate of spaghetti with tomato sauce and a glass of wine.", {"plate of spaghetti", "tomato sauce", "glass of wine"}},
      {"Several birds are flying over the water.", {"birds", "water"}},
      {"A close-up of a bee on a purple flower.", {"bee", "purple flower"}},
      {"A snow covered mountain behind a wooden cabin.", {"snow covered mountain", "wooden cabin"}},
      {"A young boy wearing a T-shirt throws a frisbee to his dog.", {"young boy", "T-shirt", "frisbee", "dog"}},
      {"A double-decker bus drives down the street past a clock tower.", {"double-decker bus", "street", "clock tower"}},
      {"Three men, two of them with hats, are talking.", {"men", "hats"}},
      {"A cat sits under the table to the left of the chair.", {"cat", "table", "chair"}},
      {"There are 3 dogs and 12 puppies in the yard.", {"dogs", "puppies", "yard"}},
      {"People waiting to cross the road.", {"People", "road"}},
      {"A brightly colored parrot perched on a branch.", {"brightly colored parrot", "branch"}},
      {"A kitchen with a stainless steel refrigerator, a stove and a sink.",
       {"kitchen", "stainless steel refrigerator", "stove", "sink"}},
  }});
}

TEST(NounPhrases, Lists) {
  expect_all(std::array<Row, 6>{{
      {"person, kite, dog", {"person", "kite", "dog"}},
      {"cat. dog. remote control.", {"cat", "dog", "remote control"}},
      {"Cats and dogs", {"Cats", "dogs"}},
      {"laptop; keyboard; computer mouse", {"laptop", "keyboard", "computer mouse"}},
      {"a knife, a fork, and a spoon", {"knife", "fork", "spoon"}},
      {"red, white and blue flags", {"red, white and blue flags"}},
  }});
}

TEST(NounPhrases, LongSentences) {
  expect_all(std::array<Row, 4>{{
      {"In the photo, an elderly couple with matching umbrellas walks past a row of shops while a cyclist waits at the traffic light.",
       {"elderly couple", "matching umbrellas", "row of shops", "cyclist", "traffic light"}},
      {"I am looking for the small boy who lost his backpack, the one with the green cap, not the girl beside him.",
       {"small boy", "backpack", "green cap", "girl"}},
      {"On the left side of the picture there is a lighthouse, and a sailing boat is approaching the harbour.",
       {"lighthouse", "sailing boat", "harbour"}},
      {"The chef, whose apron is dirty, is chopping onions on a cutting board near the window.",
       {"chef", "apron", "onions", "cutting board", "window"}},
  }});
}

TEST(NounPhrases, OddForms) {
  expect_all(std::array<Row, 6>{{
      {"FIND THE RED TRUCK!!!", {"RED TRUCK"}},
      {"find\tthe\n  fire\nhydrant", {"fire hydrant"}},
      {"Find “the café table” (and the naïve painting).", {"café table", "naïve painting"}},
      {"the women's shoes and the dogs' bowl", {"women's shoes", "dogs' bowl"}},
      {"the Eiffel Tower, a Boeing 747 and José’s dog", {"Eiffel Tower", "Boeing 747", "José’s dog"}},
      {"a picture on the wall, the U.S. flag and 1,000 balloons", {"picture", "wall", "U.S. flag", "balloons"}},
  }});
}

}  // namespace
}  // namespace omma
