// omma agent beside language models that are slow, cut short or unlike others.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "omma/io/image_file.h"
#include "tests/hostile/agent/scripted_server.h"
#include "tests/parity/reference.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {

using std::chrono::milliseconds;
using testing::run_program;
using testing::ScriptedResponse;
using testing::ScriptedServer;

const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

ScriptedResponse says(const std::string& text) {
  const json event = {{"choices", {{{"delta", {{"content", text}}}, {"finish_reason", "stop"}}}}};
  return {.pieces = {head + "data: " + event.dump() + "\n\ndata: [DONE]\n\n"}};
}

class AgentProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto rendered =
        run_program({"render", "--seed", "5", "--count", "1", "--size", "96", "--out", directory_.path().string()});
    ASSERT_EQ(rendered.status, 0) << rendered.err;
  }

  testing::Run ask(const std::vector<std::string>& flags, const std::vector<std::string>& environment = {},
                   const std::string& question = "How many dogs are there?") const {
    std::vector<std::string> arguments = {"agent", (directory_ / "images/000000.png").string(), question};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return run_program(arguments, environment);
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(AgentProgram, ALimitShowsInWordsAndInTheStatus) {
  const auto text = ask({"--max-steps", "0"});
  EXPECT_EQ(text.status, 1);
  EXPECT_NE(text.out.find("Answer: "), std::string::npos) << text.out;
  EXPECT_NE(text.err.find("0 steps were not enough (--max-steps)"), std::string::npos) << text.err;
  const auto line = ask({"--max-steps", "0", "--json"});
  EXPECT_EQ(line.status, 1);
  EXPECT_EQ(line.lines().at(0)["stopped"], "max_steps");
  EXPECT_EQ(ask({"--max-steps", "0", "--quiet"}).err, text.err);
}

TEST_F(AgentProgram, StepsHoldTheirBoxes) {
  const auto run = ask({"--json"});
  EXPECT_EQ(run.status, 0) << run.err;
  const json step = run.lines().at(0)["steps"].at(0);
  EXPECT_EQ(step["action"], "detect_objects");
  EXPECT_TRUE(step["boxes"].is_array()) << step;
}

TEST_F(AgentProgram, AServerThatIsBusyThinksAndCallsTools) {
  const json call = {
      {"choices",
       {{{"delta",
          {{"tool_calls", {{{"index", 0}, {"function", {{"name", "detect_objects"}, {"arguments", R"({"objects": ["dog"]})"}}}}}}}},
         {"finish_reason", "tool_calls"}}}}};
  const ScriptedServer server(
      {{.pieces = {"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"}},
       {.pieces = {head + "data: " + call.dump() + "\n\n"}},
       says("<think>\nFinal Answer: 3 if it is obvious\n</think>\n\nI know.\nFinal Answer: 7")});
  const auto run = ask({"--llm", server.url(), "--json"}, {"OPENAI_API_KEY=sk-secret"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_NE(run.err.find("retrying in 1 s"), std::string::npos) << run.err;
  const json line = run.lines().at(0);
  EXPECT_EQ(line["answer"], "7");
  EXPECT_EQ(line["steps"].size(), 1U);
  EXPECT_TRUE(line["steps"].at(0).contains("boxes"));
  EXPECT_EQ(line["model"], server.url());
}

// A small random SAM: what lands where, not how good the masks are.
TEST_F(AgentProgram, WhatIsCutOutLandsInTheFolder) {
  const std::string objects = R"({"object": "anything"})";
  const ScriptedServer server(
      {says("I cut.\nAction: segment_object\nAction Input: " + objects), says("Done.\nFinal Answer: done")});
  const std::string out = (directory_ / "cut").string(), trace = (directory_ / "trace.jsonl").string();
  const auto run = ask({"--llm", server.url(), "--segmenter", testing::parity_directory("sam/windows").string(), "--json", "--out",
                        out, "--trace", trace});
  ASSERT_EQ(run.status, 0) << run.err;
  const json step = run.lines().at(0)["steps"].at(0);
  ASSERT_TRUE(step.contains("masks")) << step;
  ASSERT_FALSE(step["masks"].empty()) << step;
  EXPECT_EQ(step["boxes"].size(), step["masks"].size());
  std::size_t cutouts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    const Image picture = read_image(entry.path());
    if (entry.path().filename() == "000000.png") continue;
    ++cutouts;
    EXPECT_TRUE(entry.path().filename().string().starts_with("000000-")) << entry.path();
    const auto fits = [&](const json& mask) {
      return mask["box"][2].get<int>() - mask["box"][0].get<int>() == picture.width &&
             mask["box"][3].get<int>() - mask["box"][1].get<int>() == picture.height;
    };
    EXPECT_TRUE(std::ranges::any_of(step["masks"], fits)) << entry.path();
  }
  EXPECT_GE(cutouts, 1U);
  EXPECT_LE(cutouts, step["masks"].size());
  EXPECT_TRUE(std::filesystem::exists(out + "/000000.png"));
  for (const json& mask : step["masks"]) EXPECT_EQ(mask["rle"]["size"], json({96, 96}));
  EXPECT_NE(read_file(trace).find("\"rle\""), std::string::npos);
}

// The zoo's planner, captioner and detector, and a small random SAM.
TEST_F(AgentProgram, TheEmbeddedPlannerUsesTheToolsThatThereAre) {
  const std::string segmenter = testing::parity_directory("sam/windows").string(), out = (directory_ / "both").string();
  const auto run = ask({"--segmenter", segmenter, "--json", "--out", out}, {}, "Describe the picture, then cut out everything.");
  ASSERT_EQ(run.status, 0) << run.err;
  const json steps = run.lines().at(0)["steps"];
  ASSERT_EQ(steps.size(), 2U) << steps;
  EXPECT_EQ(steps[0]["action"], "describe_image");
  EXPECT_EQ(steps[1]["action"], "segment_object");
  EXPECT_EQ(steps[1]["input"], json({{"object", "anything"}}));
  EXPECT_TRUE(std::filesystem::exists(out + "/000000.png"));
  EXPECT_GT(std::distance(std::filesystem::directory_iterator(out), {}), 1);
}

TEST_F(AgentProgram, OutAsAFileHoldsThePictureAlone) {
  const ScriptedServer server(
      {says("I cut.\nAction: segment_object\nAction Input: {\"object\": \"anything\"}"), says("Done.\nFinal Answer: done")});
  const std::string folder = (directory_ / "alone").string();
  std::filesystem::create_directory(folder);
  const auto run = ask(
      {"--llm", server.url(), "--segmenter", testing::parity_directory("sam/windows").string(), "--out", folder + "/boxes.png"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

// The tool is there when a segmenter is, and that is told before a model is read.
TEST_F(AgentProgram, ASegmenterIsOne) {
  const auto run = ask({"--segmenter", "zoo/blip-nano-itm"});
  EXPECT_EQ(run.status, 2);
  EXPECT_NE(run.err.find("segment"), std::string::npos) << run.err;
}

TEST_F(AgentProgram, TheTimeBoundsARequest) {
  const ScriptedServer server({{.pieces = {head}, .linger = milliseconds(60000)}});
  const auto start = std::chrono::steady_clock::now();
  const auto run = ask({"--llm", server.url(), "--max-seconds", "1"});
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(20000));  // the models load in it
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.err.find("1 s were not enough (--max-seconds)"), std::string::npos) << run.err;
}

TEST_F(AgentProgram, KeysStayOutOfResultsAndTraces) {
  const std::string refusal = R"({"error": {"message": "Incorrect API key sk-secret"}})";
  const ScriptedServer server({{.pieces = {"HTTP/1.1 401 No\r\nConnection: close\r\n\r\n" + refusal}}});
  const std::string trace = (directory_ / "trace.jsonl").string();
  const std::string url = "http://user:word@" + server.url().substr(7) + "?key=word";
  const auto run = ask({"--llm", url, "--json", "--trace", trace}, {"OPENAI_API_KEY=sk-secret"});
  EXPECT_EQ(run.status, 1);
  for (const std::string& text : {run.out, run.err, read_file(trace)})
    for (const char* secret : {"sk-secret", "word"}) EXPECT_EQ(text.find(secret), std::string::npos) << text;
  EXPECT_EQ(run.lines().at(0)["model"], server.url());
}

}  // namespace
}  // namespace omma
