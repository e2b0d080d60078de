// The embedded planner on questions it was not trained on, with a detector that knows the picture: what it gets wrong is its own
// fault. OMMA_AGENT_SCENES sets how many scenes are asked about (default 40).
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "omma/agent/evaluate.h"
#include "omma/agent/known_objects.h"
#include "omma/agent/tools/detect_objects.h"
#include "omma/models/llama/predictor.h"

namespace omma {
namespace {

class PlannerNano : public ::testing::Test {
 protected:
  AgentResult ask(const std::string& question, std::vector<KnownObject> objects) {
    Toolbox tools;
    tools.add(
        detect_objects_tool(std::make_shared<KnownObjectDetector>(std::move(objects)), std::make_shared<const Image>(128, 128)));
    return run_agent(planner_, tools, question);
  }

  LlamaPredictor planner_{"zoo/planner-nano"};
};

std::vector<KnownObject> copies(int count, const std::string& name, const std::string& color = "red") {
  std::vector<KnownObject> objects;
  for (int i = 0; i < count; ++i) {
    const float x = static_cast<float>(12 * (i % 10)), y = static_cast<float>(12 * (i / 10));
    objects.push_back({.name = name, .color = color, .size = "", .box = {x, y, x + 10, y + 10}});
  }
  return objects;
}

TEST_F(PlannerNano, AsksForTheCompactFormat) { EXPECT_EQ(planner_.agent_format(), AgentFormat::compact); }

TEST_F(PlannerNano, CountsWithPlurals) {
  const std::vector<std::pair<std::string, std::string>> names = {{"bus", "buses"}, {"person", "people"}, {"fish", "fish"}};
  int asked = 0, right = 0;
  for (const auto& [one, many] : names) {
    for (const int count : {0, 1, 3, 7, 12, 23, 38}) {
      const AgentResult result = ask("How many " + many + " are there?", copies(count, one));
      EXPECT_EQ(result.stopped, AgentEnd::answer);
      right += result.answer == std::to_string(count) ? 1 : 0;
      ++asked;
    }
  }
  EXPECT_GE(right, 9 * asked / 10);
}

// Names outside its vocabulary, some met in training ("platelet"), some never ("gromvit", "puffin"): copied letter by letter, in
// the singular.
TEST_F(PlannerNano, CopiesNamesItDoesNotKnow) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"white blood cell", "white blood cells"},  {"platelet", "platelets"},
      {"red blood cell", "red blood cells"},      {"zebra", "zebras"},
      {"traffic light", "traffic lights"},        {"gromvit", "gromvits"},
      {"old wooden bench", "old wooden benches"}, {"puffin", "puffins"}};
  int right = 0;
  for (const auto& [one, many] : names) {
    const AgentResult result = ask("How many " + many + " are there?", copies(4, one));
    right += result.answer == "4" ? 1 : 0;
    if (result.answer != "4") std::cout << many << ": " << to_json(result).dump() << "\n";
  }
  EXPECT_GE(right, 7);
}

TEST_F(PlannerNano, AnswersUnseenScenes) {
  AgentEvaluationOptions options;
  const char* scenes = std::getenv("OMMA_AGENT_SCENES");
  options.scenes = scenes != nullptr ? std::atoi(scenes) : 40;
  const DetectorOfScene oracle = [](const Scene& scene) { return std::make_shared<KnownObjectDetector>(known_objects(scene)); };
  const json figures = evaluate_agent(planner_, oracle, options, [](const AgentAnswer& answer) {
    if (!answer.right)
      std::cout << answer.question << " expected " << answer.expected << ", got " << to_json(answer.result).dump() << "\n";
  });
  std::cout << figures.dump(1) << "\n";
  for (const char* type : {"count", "exist", "color", "relation", "what", "compare"})
    EXPECT_GE(figures[type]["accuracy"], 0.9) << type;
}

}  // namespace
}  // namespace omma
