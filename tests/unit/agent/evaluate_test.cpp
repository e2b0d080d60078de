#include "omma/agent/evaluate.h"

#include <gtest/gtest.h>

#include "omma/agent/known_objects.h"
#include "tests/unit/agent/scripted_model.h"

namespace omma {
namespace {

TEST(AgentEvaluation, Says) {
  EXPECT_TRUE(says("3", "3"));
  EXPECT_TRUE(says("There are 3 buses, not 4.", "3"));
  EXPECT_FALSE(says("13", "3"));
  EXPECT_FALSE(says("three", "3"));
  EXPECT_FALSE(says("", "3"));
  EXPECT_TRUE(says("Yes.", "yes"));
  EXPECT_TRUE(says("yes, it is", "yes"));
  EXPECT_FALSE(says("yesterday", "yes"));
  EXPECT_FALSE(says("", "no"));
  EXPECT_TRUE(says(" Blue ", "blue"));
  EXPECT_FALSE(says("red blue", "blue"));
}

TEST(AgentEvaluation, CountsPerType) {
  testing::ScriptedModel model({" x\nFinal Answer: yes"});
  AgentEvaluationOptions options;
  options.scenes = 8;
  const DetectorOfScene oracle = [](const Scene& scene) { return std::make_shared<KnownObjectDetector>(known_objects(scene)); };
  int told = 0;
  const json figures = evaluate_agent(model, oracle, options, [&](const AgentAnswer& answer) { told += answer.right ? 1 : 0; });
  EXPECT_EQ(figures["all"]["right"], told);
  EXPECT_EQ(figures["count"]["right"], 0);
  EXPECT_EQ(figures["count"]["asked"], 8);
  EXPECT_GT(figures["exist"]["asked"], 0);
  EXPECT_EQ(figures["steps"], 0);
}

// Right where the thing is there as often as where it is not; with and without a colour.
TEST(AgentEvaluation, CountsWhatIsThereAndWhatIsNot) {
  testing::ScriptedModel model({" x\nFinal Answer: 0"});
  AgentEvaluationOptions options;
  options.scenes = 200;
  const DetectorOfScene oracle = [](const Scene& scene) { return std::make_shared<KnownObjectDetector>(known_objects(scene)); };
  int colored = 0;
  const json figures = evaluate_agent(model, oracle, options, [&](const AgentAnswer& answer) {
    for (const char* color : {"red", "yellow", "green", "blue", "purple", "gray"})
      colored += answer.question.starts_with(std::string("How many ") + color) && answer.question.ends_with(" are there?") ? 1 : 0;
  });
  EXPECT_NEAR(figures["count"]["right"].get<int>(), 100, 25);
  EXPECT_GT(colored, 70);
}

}  // namespace
}  // namespace omma
