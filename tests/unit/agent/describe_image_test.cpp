#include "omma/agent/tools/describe_image.h"

#include <gtest/gtest.h>

#include <limits>

#include "omma/agent/evaluation/known_texts.h"
#include "omma/agent/react.h"
#include "omma/agent/tools/picture_tools.h"
#include "tests/unit/agent/scripted_model.h"

namespace omma {
namespace {

const auto blank = std::make_shared<const Image>(8, 8);
const auto captioner = std::make_shared<KnownCaptioner>("a red dog and two blue cars");
const auto answerer = std::make_shared<KnownAnswerer>(std::map<std::string, std::string>{{"Is there a dog?", "yes"}});

std::string failure_of(const Tool& tool, const char* input) {
  return call_tool(tool, json::parse(input), std::chrono::seconds(5)).error;
}

TEST(DescribeImage, CaptionsAndAnswers) {
  const Tool tool = describe_image_tool(captioner, answerer, blank);
  Toolbox().add(tool);  // its schema and example are sound
  EXPECT_EQ(tool.run(json::object()).summary, "a red dog and two blue cars");
  EXPECT_EQ(tool.run(json::object()).data, json::parse(R"({"caption": "a red dog and two blue cars", "score": 0.0})"));
  const ToolResult answer = tool.run({{"question", "Is there a dog?"}});
  EXPECT_EQ(answer.summary, "yes");
  EXPECT_EQ(answer.data, json::parse(R"({"question": "Is there a dog?", "answer": "yes", "score": 0.0})"));
  EXPECT_EQ(tool.run({{"question", "Is there a cat?"}}).summary, "unknown");
}

TEST(DescribeImage, SaysWhichPartIsNotThere) {
  const Tool only_captions = describe_image_tool(captioner, nullptr, blank);
  EXPECT_EQ(only_captions.run(json::object()).summary, "a red dog and two blue cars");
  EXPECT_NE(failure_of(only_captions, R"({"question": "Is there a dog?"})").find("no model that answers"), std::string::npos);
  const Tool only_answers = describe_image_tool(nullptr, answerer, blank);
  EXPECT_EQ(only_answers.run({{"question", "Is there a dog?"}}).summary, "yes");
  EXPECT_NE(failure_of(only_answers, "{}").find("no model that describes"), std::string::npos);
  EXPECT_THROW(describe_image_tool(nullptr, nullptr, blank), std::invalid_argument);
}

TEST(DescribeImage, RefusesOtherInput) {
  const Tool tool = describe_image_tool(captioner, answerer, blank);
  for (const char* input :
       {R"({"question": ""})", R"({"question": 3})", R"({"question": null})", R"({"image": "other.png"})", "[]"})
    EXPECT_NE(failure_of(tool, input), "") << input;
  EXPECT_NE(failure_of(tool, json({{"question", std::string(501, 'x')}}).dump().c_str()), "");
}

TEST(DescribeImage, TheLoopRunsItWithoutArguments) {
  const Toolbox tools = picture_tools({.captioner = captioner}, blank);
  EXPECT_EQ(tools.names(), "describe_image");
  testing::ScriptedModel model({testing::act("{}", "describe_image"), " I tell.\nFinal Answer: a red dog and two blue cars"});
  const AgentResult result = run_agent(model, tools, "What is in the picture?");
  EXPECT_EQ(result.steps.at(0).observation, "a red dog and two blue cars");
  EXPECT_EQ(result.answer, "a red dog and two blue cars");
}

}  // namespace
}  // namespace omma
