#include "omma/eval/question_evaluation.h"

#include <gtest/gtest.h>

#include "tests/unit/eval/scripted_models.h"

namespace omma {
namespace {

using testing::ListedQuestions;
using testing::ScriptedAnswerer;

std::vector<QuestionSample> five_questions() {
  return {{.key = "0", .question = "how many dogs?", .answers = {"2"}, .type = "count"},
          {.key = "1", .question = "what color is it?", .answers = {"red"}, .type = "color"},
          {.key = "2", .question = "how many cats?", .answers = {"2"}, .type = "count"},
          {.key = "3", .question = "how many cars?", .answers = {"1"}, .type = "count"},
          {.key = "4", .question = "what color?", .answers = {"red"}, .type = "color"}};
}

// Seeing, it is right about picture 0 and 1; blind, it says "one" to all counting and "red" to nothing.
std::string script(std::size_t image, const std::string& question) {
  if (image == 128) return question.starts_with("how many") ? "One." : "blue";
  if (question.starts_with("what")) return image == 0 ? "red" : "blue";
  return question == "how many cars?" ? "1" : "two";
}

TEST(EvaluateAnswers, AccuracyBesideMajorityAndBlindPerType) {
  ScriptedAnswerer answerer(script);
  const ListedQuestions dataset(five_questions());
  const QuestionEvaluation evaluation = evaluate_answers(answerer, dataset, {.answer = {}, .count = 0, .batch = 4});
  const json figures = evaluation.to_json();
  EXPECT_DOUBLE_EQ(figures["accuracy"], 4.0 / 5);
  EXPECT_DOUBLE_EQ(figures["majority"], 4.0 / 5);  // always "2" and "red"
  EXPECT_DOUBLE_EQ(figures["blind"], 1.0 / 5);
  EXPECT_EQ(figures["questions"], 5);
  EXPECT_DOUBLE_EQ(figures["per_type"]["count"]["majority"], 2.0 / 3);
  EXPECT_DOUBLE_EQ(figures["per_type"]["count"]["blind"], 1.0 / 3);
  EXPECT_DOUBLE_EQ(figures["per_type"]["color"]["accuracy"], 1.0 / 2);
  EXPECT_EQ(figures["per_type"]["color"]["questions"], 2);
  EXPECT_EQ(evaluation.answers.at(3).blind_answer, "One.");
  EXPECT_EQ(evaluation.answers.at(3).blind_accuracy, 1);
}

TEST(EvaluateAnswers, QuestionsOfOnePictureShareIt) {
  ScriptedAnswerer answerer(script);
  evaluate_answers(answerer, ListedQuestions(five_questions()), {.answer = {}, .count = 4, .batch = 4});
  EXPECT_EQ(answerer.pictures, (std::vector<std::size_t>{2, 1}));  // four questions of two pictures, then of one grey
}

TEST(EvaluateAnswers, AsksForShortAnswers) {
  std::vector<std::string> asked;
  ScriptedAnswerer answerer([&](std::size_t, const std::string& question) {
    asked.push_back(question);
    return "2";
  });
  const QuestionEvaluation evaluation =
      evaluate_answers(answerer, ListedQuestions(five_questions()), {.ask_short = true, .count = 1, .batch = 1});
  const std::string question = "how many dogs?\nAnswer the question using a single word or phrase.";
  EXPECT_EQ(asked, (std::vector<std::string>{question, question}));  // seeing and blind
  EXPECT_EQ(evaluation.answers.front().sample.question, "how many dogs?");
}

TEST(EvaluateAnswers, SeveralAnnotatorsAndNoType) {
  const std::vector<std::string> annotators = {"yes", "yes", "no", "no", "no", "no", "no", "no", "no", "no"};
  ScriptedAnswerer answerer([](std::size_t, const std::string&) { return "yes"; });
  const ListedQuestions dataset({{.key = "0", .question = "is it?", .answers = annotators, .type = ""}});
  const json figures = evaluate_answers(answerer, dataset).to_json();
  EXPECT_NEAR(figures["accuracy"], (2 * 1.0 / 3 + 8 * 2.0 / 3) / 10, 1e-12);
  EXPECT_NEAR(figures["per_type"]["any"]["majority"], 1, 1e-12);  // "no"
  EXPECT_THROW(evaluate_answers(answerer, ListedQuestions({})), std::invalid_argument);
}

}  // namespace
}  // namespace omma
