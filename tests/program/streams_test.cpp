// The program's streams and signals: what is printed arrives or its loss is told, and what is stopped says by which signal.
#include <gtest/gtest.h>

#include "omma/io/image_file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::command_line;
using testing::run_program;
using testing::run_shell;

class Streams : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new testing::TemporaryDirectory;
    const auto run = run_program({"render", "--seed", "5", "--count", "1", "--size", "48", "--out", path("scenes"), "--quiet"});
    ASSERT_EQ(run.status, 0) << run.err;
  }
  static void TearDownTestSuite() { delete directory_; }

  static std::string path(const std::string& name) { return (*directory_ / name).string(); }

  // A command of each kind that prints, with text for people.
  static std::vector<std::vector<std::string>> printing() {
    const std::string picture = path("scenes/images/000000.png"), data = "coco:" + path("scenes");
    return {{"--version"},
            {"--help"},
            {"train", "--help"},
            {"list"},
            {"inspect", "grounding-dino-nano"},
            {"caption", picture},
            {"match", picture, "a dog"},
            {"ask", picture, "Is there a dog?"},
            {"detect", picture, "--phrase", "dog"},
            {"agent", picture, "How many dogs are there?"},
            {"validate", "--data", data},
            {"eval", "detection", "--data", data},
            {"eval", "caption", "--data", data},
            {"render", "--seed", "5", "--count", "1", "--size", "48", "--out", path("scenes"), "--json"}};
  }

  static inline testing::TemporaryDirectory* directory_ = nullptr;
};

TEST_F(Streams, AFullDiskLosesNoResultInSilence) {
  for (const auto& arguments : printing()) {
    const auto run = run_shell(command_line(arguments) + " >/dev/full");
    EXPECT_EQ(run.status, 1) << arguments.front();
    EXPECT_NE(run.err.find("omma: cannot write to stdout: No space left on device\n"), std::string::npos)
        << arguments.front() << ": " << run.err;
  }
}

TEST_F(Streams, ClosedDescriptorsLoseNothingInSilence) {
  for (const auto& arguments : printing()) {
    const std::string command = command_line(arguments);
    EXPECT_EQ(run_shell(command + " <&- >&- 2>&-").status, 1) << arguments.front();
    const auto heard = run_shell(command + " <&- 2>&-");
    EXPECT_EQ(heard.status, 0) << arguments.front();
    EXPECT_NE(heard.out, "") << arguments.front();
  }
  EXPECT_EQ(run_shell(command_line({"list"}) + " >&-").err, "omma: cannot write to stdout: Bad file descriptor\n");
  // Without these three open, the picture would get the number of stdout and the text with it.
  const auto run = run_shell(
      command_line({"detect", path("scenes/images/000000.png"), "--phrase", "dog", "--out", path("boxes.png")}) + " <&- >&- 2>&-");
  EXPECT_EQ(run.status, 1);
  EXPECT_FALSE(read_image(path("boxes.png")).empty());
}

TEST_F(Streams, AFullStderrEndsNoWork) {
  const auto run = run_shell(
      command_line({"render", "--seed", "5", "--count", "1", "--size", "48", "--out", path("more"), "--json"}) + " 2>/dev/full");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.lines().size(), 1U);
  EXPECT_EQ(run_shell(command_line({"detect", "absent.png", "--phrase", "dog"}) + " 2>/dev/full").status, 2);
}

TEST_F(Streams, AReaderThatHasGoneIsNoNews) {
  for (const char* json_flag : {"", " --json"}) {
    const auto run = run_shell("{ sleep .2; " + command_line({"list"}) + json_flag + "; echo $? >" + path("status") + "; } | true");
    EXPECT_EQ(read_file(path("status")), "1\n");
    EXPECT_EQ(run.err, "");
  }
}

TEST_F(Streams, AFileSizeLimitIsAnError) {
  const auto run = run_shell("( ulimit -f 0; " + command_line({"render", "--seed", "1", "--count", "1", "--out", path("limited")}) +
                             " 2>&1; echo status $? ) | cat");
  EXPECT_NE(run.out.find("File too large\nstatus 1\n"), std::string::npos) << run.out;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path("limited")))
    EXPECT_TRUE(entry.is_directory()) << entry.path();
}

TEST_F(Streams, SignalsEndLongCommands) {
  for (const char* signal : {"TERM", "HUP"}) {
    const auto run = run_shell(command_line({"eval", "detection", "--count", "100000"}) +
                               fmt::format(" & sleep 1; kill -{} $!; wait $!", signal));
    EXPECT_EQ(run.status, signal == std::string("TERM") ? 143 : 129) << run.err;
  }
}

class StoppedTraining : public Streams {
 protected:
  // Runs a training until its first step (of this run) is in the log, then `signals`, a shell's commands that know it as $pid. The
  // status is the training's.
  static testing::Run stop(const std::string& name, const std::string& signals, const std::vector<std::string>& more = {},
                           const std::string& before = "") {
    std::vector<std::string> arguments = {
        "train", "recipes/planner-nano.json", "--out", path(name), "--set", "log_every=1", "--set", "threads=1", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::string log = testing::shell_word(path(name + "/log.jsonl"));
    const std::string steps = "$(cat " + log + " 2>/dev/null | wc -l)";
    return run_shell(before + "seen=" + steps + "; " + command_line(arguments) + " & pid=$!; while [ " + steps +
                     " -le $seen ] && kill -0 $pid; do sleep .05; done; " + signals + " wait $pid");
  }
};

TEST_F(StoppedTraining, SignalsOfOneRequestLeaveACheckpoint) {
  const auto run = stop("run", "kill -TERM $pid; kill -TERM $pid; sleep .1; kill -INT $pid; kill -TERM $pid;");
  EXPECT_EQ(run.status, 143) << run.err;
  EXPECT_TRUE(fs::exists(path("run/checkpoint.safetensors")));
  EXPECT_EQ(run.out.find("/model\n"), std::string::npos) << "there is none: " << run.out;
  EXPECT_EQ(run.out.find("stopped at step"), 0U) << run.out;
  const auto rest = stop("run", "kill -HUP $pid;", {"--resume", "--json"});
  EXPECT_EQ(rest.status, 129) << rest.err;
  EXPECT_EQ(rest.lines().at(0)["stopped"], "stopped");
  EXPECT_TRUE(rest.lines().at(0)["model"].is_null());
}

TEST_F(StoppedTraining, IgnoredSignalsStayIgnored) {
  const auto run = stop("nohup", "kill -HUP $pid; kill -TERM $pid;", {}, "trap '' HUP; ");
  EXPECT_EQ(run.status, 143) << "stopped by the second, not the first: " << run.out << run.err;
}

}  // namespace
}  // namespace omma
