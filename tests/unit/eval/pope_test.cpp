#include "omma/eval/pope.h"

#include <gtest/gtest.h>

#include <set>

#include "omma/base/file.h"
#include "omma/data/instruction_dataset.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"
#include "tests/unit/eval/scripted_models.h"

namespace omma {
namespace {

using testing::ScriptedAnswerer;

// Classes a to h. a, b and c are in most pictures; d goes with e.
const std::vector<std::string> classes = {"apple", "bus", "cup", "dog", "egg", "fig", "goat", "hat"};
const PicturedClasses pictures = {{0, 1, 2}, {0, 1, 2}, {0, 1, 2}, {3, 4, 5}, {3, 4, 5}, {3, 5, 6}, {7}};

std::vector<std::string> asked(const std::vector<PopeQuestion>& questions, std::size_t picture, bool yes) {
  std::vector<std::string> texts;
  for (const PopeQuestion& each : questions)
    if (each.picture == picture && each.yes == yes) texts.push_back(each.text);
  return texts;
}

TEST(Pope, AsksSixQuestionsHalfOfThemWithYes) {
  std::vector<std::string> present;
  for (const PopeSetting setting : pope_settings) {
    const auto questions = pope_questions(pictures, classes, setting);
    EXPECT_EQ(questions.size(), 36U) << "the last picture shows too little";
    for (std::size_t picture = 0; picture < 6; ++picture) {
      EXPECT_EQ(asked(questions, picture, true).size(), 3U);
      EXPECT_EQ(asked(questions, picture, false).size(), 3U);
    }
    if (!present.empty()) {
      EXPECT_EQ(asked(questions, 3, true), present) << "what is there is the same in all settings";
    }
    present = asked(questions, 3, true);
    std::set<std::string> ids;
    for (const PopeQuestion& each : questions) {
      EXPECT_TRUE(ids.insert(each.id).second);
      const auto& shown = pictures[each.picture];
      const bool there = std::ranges::any_of(
          shown, [&](int c) { return each.text.find(classes[static_cast<std::size_t>(c)]) != std::string::npos; });
      EXPECT_EQ(there, each.yes) << each.text;
    }
  }
}

TEST(Pope, AbsentOnesAreTheMostFrequentOrTheMostTogether) {
  const auto popular = pope_questions(pictures, classes, PopeSetting::popular);
  EXPECT_EQ(asked(popular, 3, false), (std::vector<std::string>{"Is there an apple in the image?", "Is there a bus in the image?",
                                                                "Is there a cup in the image?"}));
  EXPECT_EQ(asked(popular, 0, false), (std::vector<std::string>{"Is there a dog in the image?", "Is there a fig in the image?",
                                                                "Is there an egg in the image?"}));
  const auto adversarial = pope_questions(pictures, classes, PopeSetting::adversarial);
  EXPECT_EQ(asked(adversarial, 5, false).front(), "Is there an egg in the image?") << "it goes with dogs and figs";
  EXPECT_EQ(asked(adversarial, 3, false).front(), "Is there a goat in the image?");
  EXPECT_NE(pope_questions(pictures, classes, PopeSetting::random, {.seed = 1})[1].text +
                pope_questions(pictures, classes, PopeSetting::random, {.seed = 1})[3].text,
            pope_questions(pictures, classes, PopeSetting::random, {.seed = 2})[1].text +
                pope_questions(pictures, classes, PopeSetting::random, {.seed = 2})[3].text);
}

TEST(Pope, ReadsAnswersAsTheAuthorsDo) {
  for (const char* yes : {"Yes", "yes, there is a dog.", "There is. No cat though", "Nothing", "NO", "", "Yes. Not a cat."})
    EXPECT_TRUE(reads_yes(yes)) << yes;
  for (const char* no : {"No", "no", "No, there is no dog.", "There is not a dog.", "No,there is a cat no dog", "I see no dog"})
    EXPECT_FALSE(reads_yes(no)) << no;
}

TEST(Pope, Figures) {
  PopeMetrics metrics{.true_yes = 3, .false_yes = 2, .true_no = 4, .false_no = 1};
  EXPECT_DOUBLE_EQ(metrics.accuracy(), .7);
  EXPECT_DOUBLE_EQ(metrics.precision(), .6);
  EXPECT_DOUBLE_EQ(metrics.recall(), .75);
  EXPECT_DOUBLE_EQ(metrics.f1(), 2 * .6 * .75 / 1.35);
  EXPECT_DOUBLE_EQ(metrics.yes_ratio(), .5);
  EXPECT_EQ(PopeMetrics().f1(), 0);
}

TEST(Pope, EvaluatesAnAnswererOnTheWorld) {
  const auto data = open_pope_data("world:seed=5,count=40,size=32,objects=4-6", "val");
  const std::size_t questions = data->questions().size();
  ASSERT_GT(questions, 300U);
  ScriptedAnswerer always([](std::size_t, const std::string&) { return "Yes, there is."; });
  const PopeEvaluation evaluation = evaluate_pope(always, *data);
  EXPECT_EQ(evaluation.answers.size(), questions);
  const json figures = evaluation.to_json();
  for (const char* setting : {"random", "popular", "adversarial"}) {
    EXPECT_EQ(figures["settings"][setting]["accuracy"], .5);
    EXPECT_EQ(figures["settings"][setting]["yes_ratio"], 1);
    EXPECT_EQ(figures["settings"][setting]["recall"], 1);
  }
  EXPECT_EQ(figures["accuracy"], .5);
  EXPECT_EQ(figures["questions"], questions);
  ScriptedAnswerer when_asked(
      [](std::size_t, const std::string& question) { return question.ends_with(short_answer_request) ? "No" : "Yes"; });
  EXPECT_EQ(evaluate_pope(when_asked, *data, {.ask_short = true}).to_json()["yes_ratio"], 0);
  ScriptedAnswerer grey([](std::size_t image, const std::string&) { return image == 128 ? "No." : "Yes."; });
  EXPECT_EQ(evaluate_pope(grey, *data, {.blind = true}).to_json()["yes_ratio"], 0);
}

TEST(Pope, ReadsTheAuthorsFiles) {
  const testing::TemporaryDirectory directory;
  write_image(directory / "a.png", Image(8, 8));
  write_file(directory / "coco_pope_popular.json",
             "{\"question_id\": 1, \"image\": \"a.png\", \"text\": \"Is there a dog in the image?\", \"label\": \"yes\"}\n"
             "{\"question_id\": 2, \"image\": \"b.png\", \"text\": \"Is there a cat in the image?\", \"label\": \"no\"}\n"
             "{\"question_id\": 3, \"image\": \"a.png\", \"text\": \"Is there a cat in the image?\", \"label\": \"no\"}\n"
             "{\"question_id\": 4, \"image\": \"a.png\", \"text\": \"Is there a cup in the image?\", \"label\": \"maybe\"}\n");
  const std::string spec = "pope:" + (directory / "coco_pope_popular.json").string();
  EXPECT_THROW(open_pope_data(spec, ""), std::invalid_argument) << "a quarter of the lines is faulty";
  const auto data = open_pope_data(spec, "", {.max_fault_share = .5});
  ASSERT_EQ(data->questions().size(), 3U);
  EXPECT_EQ(data->questions()[1].id, "3") << "a picture's questions stand together";
  ScriptedAnswerer dogs(
      [](std::size_t, const std::string& question) { return question.find("dog") != std::string::npos ? "yes" : "no"; });
  const PopeEvaluation evaluation = evaluate_pope(dogs, *data, {.max_fault_share = .5});
  EXPECT_EQ(evaluation.left_out.count(DatasetFault::missing_picture), 1U);
  EXPECT_EQ(evaluation.to_json()["settings"]["popular"]["accuracy"], 1);
  EXPECT_THROW(open_pope_data("pope:/nowhere", ""), std::invalid_argument);
}

}  // namespace
}  // namespace omma
