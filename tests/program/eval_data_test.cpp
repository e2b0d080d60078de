// Evaluations on given pictures: counts beside answers that look at nothing, and pictures of a renderer that no model has seen.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "omma/base/file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
using testing::run_program;

// Floors of the second renderer's judge at 24 pictures; tools/second_renderer/README.md has the figures at 200.
constexpr const char* kFloors =
    "--floor names=.9 --floor pairs=.9 --floor agent=.75 --floor 'names, cameras=.85' --floor 'pairs, cameras=.85' --floor 'agent, "
    "cameras=.65' --floor captions=.6 --floor 'captions, cameras=.5' --floor questions=.6 "
    "--floor 'questions, cameras=.55'";

std::string render(const testing::TemporaryDirectory& directory, const std::string& name, const std::string& seed) {
  const std::string folder = (directory / name).string();
  EXPECT_EQ(run_program({"render", "--seed", seed, "--count", "6", "--out", folder, "--quiet"}).status, 0);
  return folder;
}

TEST(EvalDetection, TheTrainingSplitsMean) {
  const testing::TemporaryDirectory directory;
  const std::string judged = render(directory, "judged", "5"), training = render(directory, "training", "6");
  const auto evaluate = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"eval", "detection", "--data", "coco:" + judged, "--json", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 0) << run.err;
    return run.lines().at(0);
  };
  const json alone = evaluate({});
  EXPECT_TRUE(alone["mean_mae_absent"].get<std::string>().ends_with("holds no splits")) << alone["mean_mae_absent"];
  EXPECT_FALSE(alone["counting_overall"].contains("mean_mae"));
  const json both = evaluate({"--train-data", "coco:" + training, "--phrases", "6"});
  EXPECT_TRUE(both["counting"]["any"].contains("mean_mae"));
  EXPECT_EQ(both["counting_overall"]["asked"], 36);
  EXPECT_EQ(run_program({"eval", "detection", "--data", "coco:" + judged, "--train-data", "coco:/nowhere"}).status, 2);
}

TEST(EvalAgent, CountsInLabelledPictures) {
  const testing::TemporaryDirectory directory;
  const std::string folder = render(directory, "pictures", "5"), answers = (directory / "answers.jsonl").string();
  const auto run = run_program({"eval", "agent", "--data", "coco:" + folder, "--question", "How many {} are there?",
                                "--count-class", "dog", "--count-class", "car", "--answers", answers, "--json", "--quiet"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json figures = run.lines().at(0);
  EXPECT_EQ(figures["pictures"], 6);
  EXPECT_EQ(figures["counting"]["dog"]["asked"], 6);
  EXPECT_GE(figures["counting_overall"]["exact"], 0.75);
  EXPECT_TRUE(figures.contains("mean_mae_absent"));
  const testing::Run lines{.status = 0, .out = read_file(answers), .err = ""};
  ASSERT_EQ(lines.lines().size(), 12U);
  EXPECT_EQ(lines.lines()[0]["question"], "How many dogs are there?");
  EXPECT_TRUE(lines.lines()[0].contains("key"));
}

TEST(EvalAgent, AsksTheQuestionsOfAFile) {
  const testing::TemporaryDirectory directory;
  const auto run = run_program({"eval", "agent", "--data", "jsonl:" + render(directory, "pictures", "5"), "--json", "--quiet"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json figures = run.lines().at(0);
  EXPECT_GE(figures["all"]["accuracy"], 0.6);
  EXPECT_TRUE(figures["per_type"].contains("exist"));
}

TEST(EvalAgent, AsksWhatPeopleWrote) {
  const testing::TemporaryDirectory directory;
  const std::string questions = (directory / "questions.jsonl").string(), answers = (directory / "answers").string();
  write_file(questions, R"({"picture": "yard", "size": [64, 48], "objects": [{"name": "dog", "box": [0, 0, 9, 9]}]}
{"kind": "count", "about": "yard", "question": "How many dogs are there?", "answer": {"number": 1},
)");
  EXPECT_EQ(run_program({"eval", "agent", "--questions", questions}).status, 2);
  write_file(questions, R"({"picture": "yard", "size": [64, 48], "objects": [{"name": "dog", "box": [0, 0, 9, 9]}]}
{"kind": "count", "about": "yard", "question": "How many dogs are there?", "answer": {"number": 1}, "first": [{"tool": "detect_objects", "input": {"objects": ["dog"]}}]}
)");
  EXPECT_EQ(run_program({"eval", "agent", "--questions", questions, "--data", "coco:x"}).status, 2);
  const auto run = run_program(
      {"eval", "agent", "--llm", "zoo/planner-nano", "--questions", questions, "--answers", answers, "--json", "--quiet"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json figures = run.lines().at(0);
  EXPECT_EQ(figures["all"]["right_calls"], 1);
  EXPECT_EQ(figures["per_kind"]["count"]["right_answers"], 1);
  const testing::Run lines{.status = 0, .out = read_file(answers), .err = ""};
  EXPECT_EQ(lines.lines().at(0)["right_call"], true);
}

TEST(EvalAgent, RefusesWhatDoesNotFit) {
  const testing::TemporaryDirectory directory;
  const std::string folder = render(directory, "pictures", "5");
  EXPECT_EQ(run_program({"eval", "agent", "--data", "coco:/nowhere"}).status, 2);
  EXPECT_EQ(run_program({"eval", "agent", "--data", "coco:" + folder, "--count-class", "tram"}).status, 2);
  EXPECT_EQ(run_program({"eval", "agent", "--data", "coco:" + folder, "--oracle"}).status, 2);
  EXPECT_EQ(run_program({"eval", "agent", "--data", "coco:" + folder, "--wordings", "held-out"}).status, 2);
  EXPECT_EQ(run_program({"eval", "agent", "--data", "jsonl:" + folder, "--count-class", "dog"}).status, 2);
}

// What the embedded models know is the world and not omma's way of drawing it.
TEST(SecondRenderer, TheEmbeddedModelsKnowItsPictures) {
  const testing::TemporaryDirectory directory;
  const std::string table = (directory / "table").string();
  const std::string command = fmt::format(".venv/bin/python tools/second_renderer/judge.py --omma {} --count 24 {} >{} 2>&1",
                                          testing::shell_word(OMMA_PROGRAM), kFloors, testing::shell_word(table));
  EXPECT_EQ(std::system(command.c_str()), 0) << read_file(table);
}

}  // namespace
}  // namespace omma
