#include "omma/agent/transcript.h"

#include <gtest/gtest.h>

#include "omma/vision/mask_json.h"
#include "tests/temporary_directory.h"
#include "tests/unit/agent/scripted_model.h"

namespace omma {
namespace {

using testing::act;
using testing::invalid_argument_of;
using testing::ScriptedModel;

Toolbox one_dog_finder() {
  Toolbox tools;
  tools.add({.name = "find",
             .description = "Finds.",
             .schema = json::parse(R"({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})"),
             .example = {{"name", "car"}},
             .run = [](const json& input) {
               if (input.at("name") == "fail") throw std::runtime_error("no such thing");
               return ToolResult{.summary = "Found 2.\nAnd more.", .details = "", .data = {{"n", 2}}};
             }});
  return tools;
}

Transcript record() {
  ScriptedModel model({act(R"({"name": "fail"})"), act(R"({"name": 3})"), act(R"({"name": "car"})"), " Two.\nFinal Answer: 2"});
  return {.question = "How many?", .format = AgentFormat::compact, .result = run_agent(model, one_dog_finder(), "How many?")};
}

TEST(Transcript, RoundTripAndReplay) {
  const Transcript recorded = record();
  ASSERT_EQ(recorded.result.steps.size(), 3U);
  const std::string lines = write_transcript(recorded);
  const Transcript read = read_transcript(lines, "run.jsonl");
  EXPECT_EQ(write_transcript(read), lines);
  const AgentResult replayed = replay(read, one_dog_finder());
  EXPECT_EQ(to_json(replayed), to_json(recorded.result));
}

TEST(Transcript, MasksReadBack) {
  Transcript recorded = record();
  const json mask = {{"label", "car"}, {"score", .5}, {"box", {0, 0, 2, 2}}, {"rle", rle_json({2, 2, {1, 3}})}};
  recorded.result.steps.at(2).data = {{"detections", json::array()}, {"masks", {mask}}};
  const Transcript read = read_transcript(write_transcript(recorded), "run.jsonl");
  EXPECT_EQ(to_json(replay(read, one_dog_finder()))["steps"].at(2)["masks"], json::array({mask}));
}

// Whatever the limit was: steps, unreadable steps, tokens, or the model's failure.
TEST(Transcript, RunsThatALimitEndedReplay) {
  AgentOptions few;
  few.max_steps = 1;
  AgentOptions short_texts;
  short_texts.max_tokens = 5;
  for (const AgentOptions& options : {few, short_texts, AgentOptions{}}) {
    ScriptedModel model({act(R"({"name": "car"})"), "no format", "none", "at all", ""});
    const Transcript recorded = {.question = "How many?",
                                 .format = AgentFormat::compact,
                                 .result = run_agent(model, one_dog_finder(), "How many?", options)};
    EXPECT_NE(recorded.result.stopped, AgentEnd::answer);
    const Transcript read = read_transcript(write_transcript(recorded), "run.jsonl");
    EXPECT_EQ(read.result.stopped, recorded.result.stopped);
    EXPECT_EQ(replay(read, one_dog_finder()).answer, recorded.result.answer);
  }
}

TEST(Transcript, ReplayFindsADifference) {
  Transcript changed = record();
  changed.result.answer = "3";
  EXPECT_NE(invalid_argument_of([&] { replay(changed, one_dog_finder()); }).find("expected the answer \"3\", got \"2\""),
            std::string::npos);
}

TEST(Transcript, BadLinesAreNamed) {
  const std::string good = write_transcript(record());
  const auto message = [](const std::string& lines) { return invalid_argument_of([&] { read_transcript(lines, "run.jsonl"); }); };
  EXPECT_EQ(message(good), "");
  EXPECT_NE(message("").find("expected an answer event"), std::string::npos);
  EXPECT_NE(message("{\n").find("run.jsonl: line 1"), std::string::npos);
  EXPECT_NE(message(good + good).find("none after the answer"), std::string::npos);
  EXPECT_NE(message("{\"event\": \"step\"}\n").find("expected the question first"), std::string::npos);
  EXPECT_NE(message("{\"event\": \"question\"}\n").find("line 1: question: expected a string"), std::string::npos);
}

}  // namespace
}  // namespace omma
