#include "omma/eval/detection_questions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "omma/data/world/split.h"

namespace omma {
namespace {

// What is there fits its phrase, what is absent fits nothing, and the prompt is full and without repetition.
TEST(WorldQuestions, PresentAndAbsentPhrases) {
  for (const bool pairs : {false, true}) {
    const DetectionQuestions questions =
        world_questions({.split = Split::test, .seed = 5, .count = 40, .size = 64, .pairs = pairs});
    ASSERT_EQ(questions.count, 40U);
    EXPECT_TRUE(questions.classes.empty());
    std::size_t absent = 0;
    for (std::size_t i = 0; i < questions.count; ++i) {
      const DetectionQuestion question = questions.question(i).value();
      EXPECT_EQ(question.phrases.size(), 6U);
      EXPECT_EQ(std::set(question.phrases.begin(), question.phrases.end()).size(), question.phrases.size());
      ASSERT_EQ(question.truths_of.size(), question.phrases.size());
      for (std::size_t p = 0; p < question.phrases.size(); ++p) {
        std::vector<int> expected;
        for (std::size_t t = 0; t < question.targets.size(); ++t)
          if (question.targets[t].phrase == question.phrases[p]) expected.push_back(static_cast<int>(t));
        EXPECT_EQ(question.truths_of[p], expected) << question.phrases[p];
        absent += expected.empty();
      }
      EXPECT_EQ(question.phrases, questions.question(i).value().phrases);
      EXPECT_EQ(question.image, questions.question(i).value().image);
    }
    EXPECT_GT(absent, 40U);
  }
}

TEST(WorldQuestions, AbsentPairsAreNeverOfThoseHeldOut) {
  std::set<std::string> held_out;
  for (const ColorName& pair : combo_pairs())
    held_out.insert(std::string(world_color(pair.color)) + " " + std::string(world_noun(pair.name).singular));
  const DetectionQuestions questions = world_questions({.seed = 2, .count = 60, .size = 64, .pairs = true, .phrases = 12});
  for (std::size_t i = 0; i < questions.count; ++i) {
    const DetectionQuestion question = questions.question(i).value();
    for (const std::string& phrase : question.phrases) EXPECT_FALSE(held_out.contains(phrase)) << phrase;
  }
}

TEST(QuestionsOf, AClosedSetIsAskedForWholeAndAnOpenOneForItsOwn) {
  const std::shared_ptr<const DetectionDataset> names = open_detection_dataset("world:count=3,size=64", "val");
  const DetectionQuestions closed = questions_of(names);
  EXPECT_EQ(closed.classes, names->phrases());
  const DetectionQuestion first = closed.question(0).value();
  EXPECT_EQ(first.phrases, names->phrases());
  for (std::size_t t = 0; t < first.targets.size(); ++t) {
    const auto place = static_cast<std::size_t>(first.targets[t].class_index);
    EXPECT_TRUE(std::ranges::count(first.truths_of[place], static_cast<int>(t)) == 1);
  }
  const std::shared_ptr<const DetectionDataset> captions = open_detection_dataset("world:count=3,size=64,phrases=captions", "val");
  const DetectionQuestions open = questions_of(captions);
  EXPECT_TRUE(open.classes.empty());
  std::set<std::string> own;
  for (const DetectionTarget& target : captions->sample(1).targets) own.insert(target.phrase);
  const DetectionQuestion second = open.question(1).value();
  EXPECT_EQ(std::set(second.phrases.begin(), second.phrases.end()), own);
}

// Each prompt holds what is there and is filled with what is not, half of it alike: "red cat" where there is a red dog.
TEST(QuestionsOf, SomePhrasesOfAClosedSet) {
  const std::shared_ptr<const DetectionDataset> pairs = open_detection_dataset("world:count=40,size=64,phrases=pairs", "val");
  const DetectionQuestions questions = questions_of(pairs, {.phrases = 6, .seed = 3});
  EXPECT_TRUE(questions.classes.empty());
  int absent = 0, alike = 0;
  for (std::size_t i = 0; i < questions.count; ++i) {
    const DetectionQuestion question = questions.question(i).value();
    EXPECT_EQ(std::set(question.phrases.begin(), question.phrases.end()).size(), 6U);
    EXPECT_EQ(question.phrases, questions.labels(i).phrases);
    EXPECT_TRUE(questions.labels(i).image.empty());
    std::set<std::string> there, words;
    for (const DetectionTarget& target : question.targets) {
      there.insert(target.phrase);
      const std::size_t blank = target.phrase.find(' ');
      words.insert({target.phrase.substr(0, blank), target.phrase.substr(blank + 1)});
    }
    for (std::size_t p = 0; p < question.phrases.size(); ++p) {
      const std::string& phrase = question.phrases[p];
      EXPECT_EQ(question.truths_of[p].empty(), !there.contains(phrase)) << phrase;
      if (there.contains(phrase)) continue;
      ++absent;
      alike += words.contains(phrase.substr(0, phrase.find(' '))) || words.contains(phrase.substr(phrase.find(' ') + 1));
    }
    for (const std::string& phrase : there) EXPECT_TRUE(std::ranges::count(question.phrases, phrase) == 1) << phrase;
  }
  EXPECT_GT(alike, absent / 3);
  EXPECT_LT(alike, absent * 2 / 3);
}

}  // namespace
}  // namespace omma
