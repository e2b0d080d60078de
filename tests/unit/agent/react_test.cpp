#include "omma/agent/react.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <thread>

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
  EXPECT_EQ(model.prompts[0], "Tools: find\nQuestion: How many cars?\nThought:");
  EXPECT_EQ(model.prompts[1],
            "Tools: find\nQuestion: How many cars?\nThought: Look.\nAction: find\nAction Input: {\"name\": \"car\"}\n"
            "Observation: Found car: 2.\nThought:");
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
    EXPECT_EQ(result.reason, std::to_string(steps) + " steps were not enough (--max-steps)");
    EXPECT_FALSE(result.answer.empty());
  }
  AgentOptions tokens;
  tokens.max_tokens = 10;
  EXPECT_EQ(run(tokens).stopped, AgentEnd::length);
  EXPECT_EQ(run(tokens).reason, "10 tokens were not enough");
  AgentOptions time;
  time.max_time = std::chrono::milliseconds(0);
  EXPECT_EQ(run(time).stopped, AgentEnd::max_seconds);
  EXPECT_EQ(run(time).reason, "0 s were not enough (--max-seconds)");
}

// Asked to go on after "Final Answer:", a chat model may write a whole step.
TEST(React, ForcedAnswersOfChatModels) {
  for (const auto& [said, answer] : std::map<std::string, std::string>{{"7", "7"},
                                                                       {"\n\n7\nBecause I say so.", "7"},
                                                                       {"Final Answer: 7", "7"},
                                                                       {"Thought: two.\n**Final Answer:** 7", "7"},
                                                                       {"<think>Final Answer: 3</think>7", "7"}}) {
    ScriptedModel model({said}, AgentFormat::plain);
    AgentOptions options;
    options.max_steps = 0;
    EXPECT_EQ(run_agent(model, finder(), "How many?", options).answer, answer) << said;
  }
}

// What a model thinks is neither run nor an answer, and is not shown to it again.
TEST(React, ThinkingIsNoStep) {
  int calls = 0;
  ScriptedModel model({"<think>\nAction: find\nAction Input: {\"name\": \"bus\"}\n</think>\n\n" + act(R"({"name": "car"})"),
                       "<think>\nFinal Answer: 3 if it is obvious</think> Two.\nFinal Answer: 2"});
  const AgentResult result = run_agent(model, finder(&calls), "How many cars?");
  EXPECT_EQ(result.answer, "2");
  EXPECT_EQ(calls, 1);
  ASSERT_EQ(result.steps.size(), 1U);
  EXPECT_EQ(result.steps[0].observation, "Found car: 2.");
  EXPECT_EQ(model.prompts[1].find("think"), std::string::npos);
}

// The hint shows the format as it must be written.
TEST(React, UnreadableStepsGetTheFormat) {
  ScriptedModel model({"There are 7 cars.", " Two.\nFinal Answer: 2"});
  const AgentResult result = run_agent(model, finder(), "How many cars?");
  ASSERT_EQ(result.steps.size(), 1U);
  for (const char* marker : {"\"Action: NAME\"", "\"Action Input: {JSON}\"", "\"Final Answer: TEXT\""})
    EXPECT_NE(result.steps[0].observation.find(marker), std::string::npos) << result.steps[0].observation;
  EXPECT_NE(model.prompts[1].find(result.steps[0].observation), std::string::npos);
}

// Says `texts`, each cut by its limit of tokens.
class CutModel : public ScriptedModel {
 public:
  using ScriptedModel::ScriptedModel;
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options, const TextCallback& stream) override {
    GeneratedText text = ScriptedModel::generate(prompt, options, stream);
    text.tokens = options.max_tokens.value_or(0);
    text.end = GeneratedText::End::length;
    return text;
  }
};

TEST(React, CutTextsAreTold) {
  CutModel thinks({"<think>\nThe user wants"}, AgentFormat::plain);
  const AgentResult silent = run_agent(thinks, finder(), "How many?");
  ASSERT_EQ(silent.steps.size(), 3U);
  EXPECT_NE(silent.steps[0].observation.find("cut after 256 tokens"), std::string::npos);
  EXPECT_EQ(silent.stopped, AgentEnd::error);
  EXPECT_NE(silent.reason.find("cut after 256 tokens (--llm-max-tokens)"), std::string::npos) << silent.reason;
  CutModel answers({" x\nFinal Answer: There are sev"});
  const AgentResult cut = run_agent(answers, finder(), "How many?");
  EXPECT_EQ(cut.answer, "There are sev");
  EXPECT_EQ(cut.stopped, AgentEnd::length);
  EXPECT_EQ(cut.reason, "the model's text was cut after 256 tokens (--llm-max-tokens) in the answer");
}

// Takes as long as it is given.
class SlowModel : public ScriptedModel {
 public:
  using ScriptedModel::ScriptedModel;
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options, const TextCallback& stream) override {
    GeneratedText text = ScriptedModel::generate(prompt, options, stream);
    std::this_thread::sleep_until(options.deadline.value());
    text.end = GeneratedText::End::cancelled;
    return text;
  }
};

TEST(React, TheTimeBoundsEverything) {
  const auto start = std::chrono::steady_clock::now();
  SlowModel model({" I think", " 7"});
  AgentOptions options;
  options.max_time = std::chrono::milliseconds(200);
  const AgentResult result = run_agent(model, finder(), "How many?", options);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1000));
  EXPECT_EQ(result.answer, "7");  // there was time left for it
  EXPECT_EQ(result.stopped, AgentEnd::max_seconds);
  EXPECT_EQ(result.reason, "0.2 s were not enough (--max-seconds)");
  EXPECT_TRUE(result.steps.empty());
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
  EXPECT_EQ(result.reason, "3 steps were repeated, refused or unreadable");
}

// What failed may have failed by chance: it may be tried again, once.
TEST(React, AFailedCallMayBeMadeOnceMore) {
  const auto finder_failing = [](int failures, int& calls) {
    Toolbox tools;
    tools.add({.name = "find",
               .description = "Finds.",
               .schema = {{"type", "object"}, {"properties", {{"name", {{"type", "string"}}}}}, {"additionalProperties", false}},
               .example = {{"name", "car"}},
               .run = [&calls, failures](const json&) -> ToolResult {
                 if (++calls <= failures) throw std::runtime_error("no luck");
                 return {.summary = "Found car: 1.", .details = "", .data = json::object()};
               }});
    return tools;
  };
  const std::string call = act(R"({"name": "car"})");
  int calls = 0;
  ScriptedModel lucky({call, call, " x\nFinal Answer: 1"});
  const AgentResult second = run_agent(lucky, finder_failing(1, calls), "How many?");
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(second.steps.at(0).failed);
  EXPECT_EQ(second.steps.at(1).observation, "Found car: 1.");
  calls = 0;
  ScriptedModel unlucky({call, call, call, call, call});
  const AgentResult never = run_agent(unlucky, finder_failing(100, calls), "How many?");
  EXPECT_EQ(calls, 2);
  EXPECT_NE(never.steps.at(2).observation.find("was made before"), std::string::npos);
  EXPECT_EQ(never.reason, "3 steps were repeated, refused or unreadable");
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
