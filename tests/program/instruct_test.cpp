// omma instruct, and the evaluations of what models say, as a user runs them.
#include <gtest/gtest.h>

#include <map>

#include "tests/hostile/agent/scripted_server.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {

namespace fs = std::filesystem;
using testing::run_program;
using testing::ScriptedServer;

class InstructProgram : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::vector<std::string> instruct(const std::string& out, const std::vector<std::string>& more = {},
                                    const std::string& teacher = "oracle") const {
    std::vector<std::string> arguments = {
        "instruct", "--data",  "world:seed=7,count=30,size=64", "--split", "val",   "--teacher", teacher,
        "--out",    path(out), "--pictures-per-shard",          "5",       "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::map<std::string, std::string> files_in(const std::string& folder) const {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory_ / folder))
      if (const std::string name = entry.path().filename().string(); entry.is_regular_file() && !name.starts_with("replies-"))
        files[name] = read_file(entry.path());
    return files;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(InstructProgram, WritesDataThatValidate) {
  const auto run = run_program(instruct("out"));
  ASSERT_EQ(run.status, 0) << run.err;
  const json summary = run.lines().at(0);
  EXPECT_EQ(summary["samples"], 90);
  EXPECT_EQ(summary["facts"]["false"], 0);
  EXPECT_EQ(summary["refused"]["total"], 0);
  const auto valid = run_program({"validate", "--task", "instruct", "--data", "llava:" + path("out"), "--json"});
  EXPECT_EQ(valid.status, 0) << valid.err;
  EXPECT_EQ(valid.lines().at(0)["total"], 0);
  EXPECT_EQ(valid.lines().at(0)["usable"], 90);
  fs::remove(directory_ / "out/images/val-000003.png");
  const auto faulty = run_program({"validate", "--task", "instruct", "--data", "llava:" + path("out"), "--json"});
  EXPECT_EQ(faulty.lines().at(0)["counts"]["missing_picture"], 3);
}

TEST_F(InstructProgram, KilledJobsGoOn) {
  ASSERT_EQ(run_program(instruct("whole")).status, 0);
  for (const char* file : {"replies-000000.jsonl", "manifest-000000.json", "records-000003.jsonl"}) {
    fs::remove_all(directory_ / "killed");
    testing::kill_at(directory_ / "killed" / file, instruct("killed", {"--quiet", "--parallel", "2"}));
    const auto rest = run_program(instruct("killed", {"--quiet"}));
    ASSERT_EQ(rest.status, 0) << rest.err;
    EXPECT_EQ(files_in("killed"), files_in("whole"));
  }
}

TEST_F(InstructProgram, BudgetsEndItWithStatusOne) {
  const auto stopped = run_program(instruct("out", {"--max-requests", "7"}));
  EXPECT_EQ(stopped.status, 1);
  EXPECT_EQ(stopped.lines().at(0)["stopped"], "max_requests");
  EXPECT_NE(stopped.err.find("stopped by --max-requests"), std::string::npos) << stopped.err;
  EXPECT_EQ(read_json(directory_ / "out/instruct.json").size(), 7U);
  EXPECT_EQ(run_program(instruct("out")).status, 0);
}

TEST_F(InstructProgram, ATeacherBehindAUrl) {
  const std::string body =
      R"({"choices": [{"message": {"content": "Question:\nWhy?\n===\nAnswer:\nSo it is."}, "finish_reason": "stop"}]})";
  const ScriptedServer server(
      {{.pieces = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body}}});
  const auto run = run_program(
      instruct("out", {"--kinds", "conversation", "--count", "6", "--parallel", "3", "--llm-model", "tiny"}, server.url()));
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.lines().at(0)["samples"], 6);
  EXPECT_EQ(server.connections(), 6);
  const auto other = run_program(instruct("out", {"--kinds", "conversation", "--count", "6", "--llm-model", "big"}, server.url()));
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("llm_model"), std::string::npos) << other.err;
}

TEST_F(InstructProgram, RefusesBadInputs) {
  const auto status = [&](const std::vector<std::string>& more, const std::string& teacher = "oracle") {
    return run_program(instruct("bad", more, teacher)).status;
  };
  EXPECT_EQ(status({"--kinds", "poem"}), 2);
  EXPECT_EQ(status({"--kinds", "detail,detail"}), 2);
  EXPECT_EQ(status({"--parallel", "0"}), 2);
  EXPECT_EQ(status({"--max-requests", "-1"}), 2);
  EXPECT_EQ(status({"--max-fault-share", "nan"}), 2);
  EXPECT_EQ(status({}, "/nowhere"), 2);
  EXPECT_EQ(status({}, "http://"), 2);
  EXPECT_EQ(status({"--split", "none"}), 2);
  EXPECT_EQ(run_program({"instruct", "--data", "coco:/nowhere", "--teacher", "oracle", "--out", path("bad")}).status, 2);
  EXPECT_EQ(run_program({"instruct", "--data", "world:", "--out", path("bad")}).status, 2);
  fs::create_directory(directory_ / "full");
  write_file(directory_ / "full/file", "mine");
  EXPECT_EQ(run_program(instruct("full")).status, 2);
}

TEST_F(InstructProgram, EvaluatesTheZoosAnswerer) {
  const auto pope = run_program(
      {"eval", "pope", "--data", "world:seed=7,count=6,objects=4-6", "--split", "val", "--json", "--answers", path("pope.jsonl")});
  ASSERT_EQ(pope.status, 0) << pope.err;
  EXPECT_GT(pope.lines().at(0)["settings"]["random"]["accuracy"], .6);
  EXPECT_EQ(pope.lines().at(0)["questions"], 72);  // 4 of the pictures show three things or more
  const auto said = run_program({"eval", "instruct", "--data", "world:seed=7,count=3", "--split", "val", "--json"});
  ASSERT_EQ(said.status, 0) << said.err;
  EXPECT_GT(said.lines().at(0)["conversation"]["recall"], .3);
  EXPECT_EQ(run_program({"eval", "pope", "--data", "pope:/nowhere"}).status, 2);
  EXPECT_EQ(run_program({"eval", "instruct", "--data", "voc:/nowhere"}).status, 2);
}

}  // namespace
}  // namespace omma
