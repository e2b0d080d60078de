#include "omma/agent/react.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/unit/agent/scripted_model.h"

namespace omma {
namespace {

using testing::act;
using testing::ScriptedModel;

// A tool "find" that echoes its name and counts its calls.
Toolbox finder(int* calls = nullptr) {
  Toolbox tools;
  tools.add({.name = "find",
             .description = "Finds.",
             .schema = json::parse(R"({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})"),
             .example = {{"name", "car"}},
             .run = [calls](const json& input) {
               if (calls != nullptr) ++*calls;
               return ToolResult{
                   .summary = "Found " + input.at("name").get<std::string>() + ": 2.", .details = "box", .data = {{"n", 2}}};
             }});
  return tools;
}

TEST(React, ActsReadsAndAnswers) {
  ScriptedModel model({act(R"({"name": "car"})"), " Two.\nFinal Answer: 2"});
  int observed = 0;
  const AgentResult result = run_agent(model, finder(), "How many cars?", {}, [&](const AgentStep&) { ++observed; });
  EXPECT_EQ(result.answer, "2");
  EXPECT_EQ(result.stopped, AgentEnd::answer);
  ASSERT_EQ(result.steps.size(), 1U);
  EXPECT_EQ(observed, 1);
  EXPECT_EQ(result.steps[0].thought, "Look.");
  EXPECT_EQ(result.steps[0].action, "find");
  EXPECT_EQ(result.steps[0].observation, "Found car: 2.");
  EXPECT_EQ(model.prompts[0], "Question: How many cars?\nThought:");
  EXPECT_EQ(model.prompts[1],
            "Question: How many cars?\nThought: Look.\nAction: find\nAction Input: {\"name\": \"car\"}\nObservation: Found car: "
            "2.\nThought:");
  EXPECT_EQ(model.requests[0].stop.at(0), "\nObservation:");
  EXPECT_EQ(to_json(result), json::parse(R"({"answer": "2", "stopped": "answer", "steps": [
      {"thought": "Look.", "action": "find", "input": {"name": "car"}, "observation": "Found car: 2."}]})"));
}

TEST(React, PlainPromptExplainsToolsAndShowsDetails) {
  ScriptedModel model({act(R"({"name": "car"})"), " Two.\nFinal Answer: 2"}, AgentFormat::plain);
  run_agent(model, finder(), "How many cars?");
  EXPECT_NE(model.prompts[0].find("- find: Finds. Input schema: {"), std::string::npos);
  EXPECT_TRUE(model.prompts[0].ends_with("Question: How many cars?\nThought:"));
  EXPECT_NE(model.prompts[1].find("Observation: Found car: 2.\nbox\nThought:"), std::string::npos);
}

TEST(React, ForcedAnswerAtEachLimit) {
  const auto run = [](const AgentOptions& options) {
    ScriptedModel model({act(R"({"name": "a"})"), act(R"({"name": "b"})"), act(R"({"name": "c"})"), act(R"({"name": "d"})"), " 7"});
    return run_agent(model, finder(), "How many?", options);
  };
  for (int steps = 0; steps < 4; ++steps) {
    AgentOptions options;
    options.max_steps = steps;
    const AgentResult result = run(options);
    EXPECT_EQ(result.steps.size(), static_cast<std::size_t>(steps));
    EXPECT_EQ(result.stopped, AgentEnd::max_steps);
    EXPECT_EQ(result.reason, "steps");
    EXPECT_FALSE(result.answer.empty());
  }
  AgentOptions tokens;
  tokens.max_tokens = 10;
  EXPECT_EQ(run(tokens).reason, "tokens");
  AgentOptions time;
  time.max_time = std::chrono::milliseconds(0);
  EXPECT_EQ(run(time).reason, "time");
}

TEST(React, CancelledBetweenSteps) {
  ScriptedModel model({act(R"({"name": "car"})")});
  AgentOptions options;
  options.cancelled = [] { return true; };
  const AgentResult result = run_agent(model, finder(), "How many?", options);
  EXPECT_EQ(result.reason, "cancelled");
  EXPECT_TRUE(model.prompts.empty());
}

TEST(React, RepeatedCallsAreToldAndEnd) {
  int calls = 0;
  ScriptedModel model({act(R"({"name": "car"})")});
  AgentOptions options;
  options.max_steps = 100;
  const AgentResult result = run_agent(model, finder(&calls), "How many?", options);
  EXPECT_EQ(calls, 1);
  ASSERT_EQ(result.steps.size(), 4U);
  EXPECT_NE(result.steps[1].observation.find("was made before"), std::string::npos);
  EXPECT_EQ(result.reason, "repeated or refused calls");
}

TEST(React, PingPongEnds) {
  int calls = 0;
  std::vector<std::string> texts;
  for (int i = 0; i < 50; ++i) texts.push_back(act(i % 2 == 0 ? R"({"name": "a"})" : R"({"name": "b"})"));
  ScriptedModel model(texts);
  AgentOptions options;
  options.max_steps = 100;
  EXPECT_EQ(run_agent(model, finder(&calls), "How many?", options).steps.size(), 5U);
  EXPECT_EQ(calls, 2);
}

TEST(React, ModelThatFailsEndsInAnError) {
  class Failing : public LanguageModel {
    GeneratedText generate(std::string_view, const GenerationOptions&, const TextCallback&) override {
      throw std::runtime_error("status 500");
    }
  } model;
  const AgentResult result = run_agent(model, finder(), "How many?");
  EXPECT_EQ(result.stopped, AgentEnd::error);
  EXPECT_EQ(result.reason, "status 500");
}

TEST(React, ModelThatSaysNothingEndsInAnError) {
  ScriptedModel model({""});
  const AgentResult result = run_agent(model, finder(), "How many?");
  EXPECT_EQ(result.stopped, AgentEnd::error);
  EXPECT_LE(model.prompts.size(), 5U);
}

TEST(React, RefusesBadOptionsAndQuestions) {
  ScriptedModel model({""});
  EXPECT_THROW(run_agent(model, finder(), " \n"), std::invalid_argument);
  AgentOptions options;
  options.max_steps = -1;
  EXPECT_THROW(run_agent(model, finder(), "x", options), std::invalid_argument);
}

}  // namespace
}  // namespace omma
