#include "omma/eval/instruct_evaluation.h"

#include <gtest/gtest.h>

#include "omma/data/world/oracle.h"
#include "tests/unit/eval/scripted_models.h"

namespace omma {
namespace {

const std::vector<SeenObject> objects = seen_objects({{.name = "red dog", .box = {.05F, .4F, .25F, .6F}},
                                                      {.name = "red dog", .box = {.05F, .7F, .25F, .9F}},
                                                      {.name = "blue car", .box = {.7F, .1F, .9F, .3F}}},
                                                     Lexicon::world());

JudgedSaying detail(const std::string& answer) { return judge_saying("detail", "Describe it.", answer, objects, Lexicon::world()); }

TEST(InstructEvaluation, CountsFacts) {
  const JudgedSaying good = detail("A red dog is on the left. Another red dog is on the left. A blue car is on the right.");
  EXPECT_EQ(good.right, 3);
  EXPECT_EQ(good.wrong, 0);
  EXPECT_EQ(good.named, 3);
  EXPECT_EQ(good.present, 3);
  EXPECT_EQ(good.invented, 0);
  EXPECT_EQ(good.words, 21);
  const JudgedSaying bad = detail("There are three red dogs and a purple cat. A blue dog is at the top.");
  EXPECT_EQ(bad.wrong, 3);
  EXPECT_EQ(bad.named, 2);
  EXPECT_EQ(bad.invented, 1) << "a dog of another colour is no invention, a cat is";
  SayingMetrics metrics;
  metrics.add(good);
  metrics.add(bad);
  EXPECT_DOUBLE_EQ(metrics.precision(), .5);
  EXPECT_DOUBLE_EQ(metrics.recall(), 5. / 6);
  EXPECT_DOUBLE_EQ(metrics.invented_per_100_words(), 100. / static_cast<double>(good.words + bad.words));
}

TEST(InstructEvaluation, ShortAnswersAreFacts) {
  const auto judged = [](const std::string& question, const std::string& answer) {
    return judge_saying("conversation", question, answer, objects, Lexicon::world());
  };
  EXPECT_EQ(judged("How many dogs are there?", "2").right, 1);
  EXPECT_EQ(judged("How many dogs are there?", "three").wrong, 1);
  EXPECT_EQ(judged("Is there a cat?", "no").right, 1);
  EXPECT_EQ(judged("Is there a cat?", "yes").wrong, 1);
  EXPECT_EQ(judged("What color is the car?", "blue").right, 1);
  EXPECT_EQ(judged("What color is the car?", "red").wrong, 1);
}

// What the oracle says scores full marks; an answerer that says one thing of all pictures does not.
TEST(InstructEvaluation, JudgesAnswerers) {
  const auto data = open_picture_texts("world:seed=8,count=20,size=32", "val");
  testing::ScriptedAnswerer fixed([](std::size_t, const std::string&) { return "There is a red cat on the left."; });
  const InstructEvaluation evaluation = evaluate_instructions(fixed, *data, {.count = 10, .batch = 3});
  EXPECT_EQ(evaluation.detail.answers, 10);
  EXPECT_GT(evaluation.conversation.answers, 15);
  const json figures = evaluation.to_json();
  EXPECT_LT(figures["precision"], .5);
  EXPECT_GT(figures["invented_per_100_words"], 5);
  SayingMetrics details, rounds;
  for (const JudgedSaying& saying : evaluation.sayings) {
    const std::size_t index = std::stoul(saying.key.substr(4));
    const auto seen = seen_objects(data->sample(index).text.boxes, data->lexicon());
    (saying.kind == "detail" ? details : rounds)
        .add(judge_saying(saying.kind, saying.question, saying.reference, seen, data->lexicon()));
  }
  EXPECT_EQ(details.f1(), 1);
  EXPECT_EQ(rounds.f1(), 1);
  EXPECT_EQ(details.invented + rounds.invented, 0);
}

// The questions stay, and all pictures look alike.
TEST(InstructEvaluation, Blind) {
  const auto data = open_picture_texts("world:seed=8,count=3,size=32", "val");
  std::vector<std::size_t> first_bytes;
  testing::ScriptedAnswerer answerer([&](std::size_t image, const std::string&) {
    first_bytes.push_back(image);
    return "There is a red cat.";
  });
  const InstructEvaluation blind = evaluate_instructions(answerer, *data, {.blind = true});
  EXPECT_EQ(first_bytes, std::vector<std::size_t>(blind.sayings.size(), 128));
  EXPECT_EQ(blind.to_json(), evaluate_instructions(answerer, *data).to_json());
}

}  // namespace
}  // namespace omma
