// Instruction data from a chat server that misbehaves.
#include "apps/chat_teacher.h"

#include "omma/base/file.h"
#include "omma/data/instruction_dataset.h"
#include "omma/jobs/instruct.h"
#include "tests/hostile/agent/chat_scripts.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using app::ChatTeacher;
using namespace testing;

const std::string good = "Question:\\nWhat is it?\\n===\\nAnswer:\\nA picture.";

// A whole reply; what the model says, as it stands in a JSON string.
ScriptedResponse says(const std::string& text,
                      const std::string& usage = R"(, "usage": {"prompt_tokens": 50, "completion_tokens": 5})") {
  return {.pieces = {whole("200 OK",
                           R"({"choices": [{"message": {"content": ")" + text + R"("}, "finish_reason": "stop"}])" + usage + "}")}};
}

ChatClientOptions options_for(const ScriptedServer& server) {
  ChatClientOptions options;
  options.url = server.url();
  options.model = "tiny";
  options.silence_timeout = milliseconds(1000);
  options.retry = {.retries = 2, .first_backoff = milliseconds(5), .longest_wait = milliseconds(3000), .after_text = true};
  return options;
}

class InstructServer : public ::testing::Test {
 protected:
  json run(const std::vector<ScriptedResponse>& script, InstructOptions options = {}, const std::string& out = "out") {
    const ScriptedServer server(script);
    options.data = "world:seed=3,count=4,size=32";
    options.out = directory_ / out;
    if (options.kinds.size() == 3) options.kinds = {InstructKind::conversation};
    options.pictures_per_shard = 2;
    const ChatClientOptions chat = options_for(server);
    const auto begin = std::chrono::steady_clock::now();
    const json summary = instruct([chat] { return std::make_unique<ChatTeacher>(chat); }, options);
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    connections_ = server.connections();
    return summary;
  }

  testing::TemporaryDirectory directory_;
  double seconds_ = 0;
  int connections_ = 0;
};

TEST_F(InstructServer, SendsRulesExamplesAndThePicture) {
  const ScriptedServer server({says("x")});
  ChatTeacher teacher(options_for(server));
  const TeacherReply reply = teacher.ask({.messages = {{"system", "rules"}, {"user", "a dog\xFF"}}, .seed = 1ULL << 40 | 7});
  EXPECT_EQ(reply, (TeacherReply{"x", 50, 5}));
  const std::string request = server.request(0);
  const json body = json::parse(request.substr(request.find("\r\n\r\n") + 4));
  EXPECT_EQ(body["messages"][0], (json{{"role", "system"}, {"content", "rules"}}));
  EXPECT_EQ(body["messages"][1]["role"], "user");
  EXPECT_EQ(body["messages"].size(), 2U);
  EXPECT_EQ(body["seed"], 7);
}

TEST_F(InstructServer, TokensThatNobodyCountsAreEstimated) {
  const ScriptedServer server({says("12345678", "")});
  ChatTeacher teacher(options_for(server));
  const TeacherReply reply = teacher.ask({.messages = {{"user", "0123456789"}}});
  EXPECT_EQ(reply.prompt_tokens, 3);
  EXPECT_GT(reply.tokens, 0);
}

// 429 with Retry-After, 500, 503, a cut answer, a lost connection: each is asked again, and nothing is lost.
TEST_F(InstructServer, WhatPassesIsAskedAgain) {
  const std::string cut = event_head + delta("Question: Wh");
  const json summary = run({{.pieces = {whole("429 Too Many Requests", "{}", "Retry-After: 1\r\n")}},
                            says(good),
                            {.pieces = {whole("500 Internal Server Error", "oops")}},
                            {.pieces = {whole("503 Service Unavailable", "{}")}},
                            says(good),
                            {.pieces = {cut}},
                            says(good),
                            {.pieces = {}},
                            says(good)});
  EXPECT_EQ(summary["samples"], 4) << summary;
  EXPECT_EQ(summary["faults"]["total"], 0);
  EXPECT_EQ(summary["prompt_tokens"], 200);
  EXPECT_GE(seconds_, 1) << "it asked to be left alone";
  EXPECT_EQ(connections_, 9);
}

TEST_F(InstructServer, WhatDoesNotPassIsAFaultOfTheSample) {
  const json summary = run({{.pieces = {whole("400 Bad Request", R"({"error": {"message": "no"}})")}},
                            says(good),
                            {.pieces = {whole("200 OK", "<html>no JSON</html>")}},
                            says(good)},
                           {.max_fault_share = .5});
  EXPECT_EQ(summary["faults"]["total"], 2);
  EXPECT_EQ(summary["samples"], 2);
  EXPECT_NE(dump_json(summary["faults"]["list"]).find("status 400: no"), std::string::npos) << summary["faults"];
}

TEST_F(InstructServer, RepliesThatAreNoDataAreRefusedAndPaidFor) {
  const json summary = run(
      {says(""), says("Sure! Here is a poem."), says("Question:\\nIs there\\n===\\nAnswer:\\nThe caption says so."), says(good)});
  EXPECT_EQ(summary["requests"], 4);
  EXPECT_EQ(summary["samples"], 1);
  EXPECT_EQ(summary["refused"]["reasons"], (json{{"empty", 1}, {"form", 1}, {"source", 1}}));
  const auto data = open_instruction_dataset("llava:" + (directory_ / "out").string(), "", {.max_fault_share = 0});
  EXPECT_EQ(data->size(), 1U);
}

TEST_F(InstructServer, ADeadServerEndsTheRunAndCostsNothing) {
  EXPECT_THROW(run({{.pieces = {whole("401 Unauthorized", R"({"error": {"message": "bad key"}})")}}}), std::invalid_argument);
  const json summary = run({says(good)}, {.max_fault_share = .5});
  EXPECT_EQ(summary["faults"]["total"], 0) << "no shard was done, all is asked again";
  EXPECT_EQ(summary["samples"], 4);
}

TEST_F(InstructServer, BudgetsHoldWithSeveralAtOnce) {
  json summary = run({says(good)}, {.parallel = 3, .budget = {.requests = 3}});
  EXPECT_EQ(summary["stopped"], "max_requests");
  EXPECT_EQ(summary["requests"], 3);
  summary = run({says(good)}, {.parallel = 3});
  EXPECT_EQ(summary["requests"], 4);
  EXPECT_EQ(connections_, 1) << "the other three were on disk";
  EXPECT_EQ(run({says(good)}, {}, "whole")["samples"], 4);
  for (const char* file : {"instruct.json", "summary.json", "index.html", "records-000001.jsonl"})
    EXPECT_EQ(read_file(directory_ / "out" / file), read_file(directory_ / "whole" / file)) << file;
}

}  // namespace
}  // namespace omma
