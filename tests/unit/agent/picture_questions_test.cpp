#include "omma/agent/evaluation/picture_questions.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "omma/agent/evaluation/evaluate.h"
#include "tests/unit/agent/scripted_model.h"

namespace omma {
namespace {

// Two pictures: three cars, a crowd of cars and a bus; a bus. The second cannot be read.
class Streets : public DetectionDataset {
 public:
  std::size_t size() const override { return 2; }
  DetectionSample sample(std::size_t index) const override {
    const DetectionTarget car{.box = {0, 0, 9, 9}, .phrase = "car", .class_index = 0};
    const DetectionTarget bus{.box = {0, 0, 9, 9}, .phrase = "bus", .class_index = 1};
    DetectionTarget cars = car;
    cars.crowd = true;
    if (index == 0) return {.key = "a.jpg", .width = 90, .height = 60, .targets = {car, car, cars, car, bus}};
    return {.key = "b.jpg", .width = 90, .height = 60, .targets = {bus}};
  }
  Image image(std::size_t index) const override {
    if (index == 1) throw std::invalid_argument("b.jpg: not a picture");
    return Image(90, 60);
  }
  bool has_image(std::size_t) const override { return true; }
  const std::vector<std::string>& phrases() const override { return phrases_; }
  const DatasetReport& report() const override { return report_; }

 private:
  std::vector<std::string> phrases_ = {"car", "bus"};
  DatasetReport report_;
};

std::vector<std::pair<std::string, std::string>> asked(const PictureQuestions& questions, std::size_t picture) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const PictureQuestion& question : questions.questions(picture)) texts.emplace_back(question.text, question.answers.at(0));
  return texts;
}

using Texts = std::vector<std::pair<std::string, std::string>>;

TEST(CountingQuestions, OfEachClassAndOfAllTogether) {
  const auto streets = std::make_shared<Streets>();
  EXPECT_EQ(asked(counting_questions(streets), 0),
            (Texts{{"How many cars are in this image?", "3"}, {"How many buses are in this image?", "1"}}));
  EXPECT_EQ(asked(counting_questions(streets, {.question = "Count the {}!", .classes = {"bus"}}), 1),
            (Texts{{"Count the buses!", "1"}}));
  EXPECT_EQ(asked(counting_questions(streets, {.question = "How many vehicles?"}), 0), (Texts{{"How many vehicles?", "4"}}));
  EXPECT_EQ(asked(counting_questions(streets, {.question = "How many lorries?", .classes = {"car"}}), 0),
            (Texts{{"How many lorries?", "3"}}));
  EXPECT_THROW(counting_questions(streets, {.classes = {"tram"}}), std::invalid_argument);
}

TEST(CountingQuestions, TheTrainingSplitsMeans) {
  const TrainingCounts counts = training_counts(counting_questions(std::make_shared<Streets>()));
  EXPECT_EQ(counts.means, (std::map<std::string, double>{{"car", 1.5}, {"bus", 1}}));
}

TEST(AgentEvaluation, JudgesCountsOfADataSet) {
  testing::ScriptedModel model({" x\nFinal Answer: 4"});
  std::vector<AgentAnswer> answers;
  const auto keep = [&](const AgentAnswer& answer) { answers.push_back(answer); };
  const json figures = evaluate_agent(model, PictureModels(), counting_questions(std::make_shared<Streets>()),
                                      {.means = {{"car", 2.5}, {"bus", 1}}, .absent = {}}, {}, keep);
  EXPECT_EQ(figures["pictures"], 1);
  EXPECT_EQ(figures["unreadable"], 1);
  EXPECT_EQ(figures["all"]["asked"], 2);
  EXPECT_EQ(figures["per_type"]["count"]["right"], 0);
  EXPECT_EQ(figures["counting"]["car"]["off_by_one"], 1);
  EXPECT_EQ(figures["counting"]["car"]["mae"], 1);
  EXPECT_EQ(figures["counting"]["bus"]["mae"], 3);
  EXPECT_EQ(figures["counting_overall"]["mean_mae"], 0.25);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].key, "a.jpg");
  EXPECT_EQ(answers[1].expected, "1");
}

// Questions of any type, several right answers, and why there is no mean.
TEST(AgentEvaluation, JudgesTheQuestionsOfADataSet) {
  testing::ScriptedModel model({" x\nFinal Answer: a bus", " x\nFinal Answer: There are 12 of them."});
  PictureQuestions questions{.pictures = 2,
                             .key = [](std::size_t) { return std::string("q"); },
                             .questions =
                                 [](std::size_t index) {
                                   PictureQuestion asked;
                                   asked.type = asked.kind = index == 0 ? "what" : "count";
                                   asked.text = index == 0 ? "What?" : "How many?";
                                   asked.answers =
                                       index == 0 ? std::vector<std::string>{"car", "A bus"} : std::vector<std::string>{"12"};
                                   return std::vector<PictureQuestion>{asked};
                                 },
                             .image = [](std::size_t) { return Image(8, 8); }};
  const json figures = evaluate_agent(model, PictureModels(), questions, {.means = {}, .absent = "no train split"});
  EXPECT_EQ(figures["all"]["right"], 2);
  EXPECT_EQ(figures["per_type"]["what"]["right"], 1);
  EXPECT_EQ(figures["counting_overall"]["asked"], 1);
  EXPECT_EQ(figures["counting_overall"]["exact"], 1);
  EXPECT_EQ(figures["mean_mae_absent"], "no train split");
}

TEST(AgentEvaluation, TheFirstNumber) {
  EXPECT_EQ(first_number("There are 12, not 3."), 12);
  EXPECT_EQ(first_number("none"), std::nullopt);
  EXPECT_EQ(first_number("99999999999999999999"), std::nullopt);
}

}  // namespace
}  // namespace omma
