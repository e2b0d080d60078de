#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
using testing::run_program;

TEST(EvalCaption, FiguresAndALineForEachPicture) {
  const testing::TemporaryDirectory directory;
  const std::string answers = (directory / "answers.jsonl").string();
  const auto run = run_program({"eval", "caption", "--data", "world:seed=3,count=9,objects=1-3,captions=exact", "--count", "5",
                                "--json", "--quiet", "--threads", "1", "--answers", answers});
  ASSERT_EQ(run.status, 0) << run.err;
  const json figures = run.lines().at(0);
  EXPECT_EQ(figures["pictures"], 5);
  EXPECT_EQ(figures["scenes"], 5);
  EXPECT_GT(figures["exact_scene"], 0.5);
  EXPECT_GT(figures["cider"], 2);
  for (const char* field : {"bleu1", "bleu4", "object_precision", "object_recall", "model", "data", "split"})
    EXPECT_TRUE(figures.contains(field)) << field;
  const testing::Run lines{.status = 0, .out = read_file(answers), .err = ""};
  ASSERT_EQ(lines.lines().size(), 5U);
  for (const char* field : {"key", "caption", "references", "cider", "exact"})
    EXPECT_TRUE(lines.lines()[4].contains(field)) << field;
}

// The embedded models do what their pages say, with room for the spread of a small sample.
TEST(Eval, TheEmbeddedModelsKnowTheWorld) {
  const auto figures = [](const char* task, const std::string& data) {
    const auto run =
        run_program({"eval", task, "--data", "world:seed=11," + data, "--split", "test", "--json", "--quiet", "--threads", "1"});
    EXPECT_EQ(run.status, 0) << run.err;
    return run.lines().at(0);
  };
  EXPECT_GT(figures("caption", "captions=exact,references=5,objects=1-3,count=60")["exact_scene"], 0.75);
  const json matching = figures("matching", "noise=1,captions=1,objects=1-3,count=150");
  EXPECT_GT(matching["other_scene"]["separated"], 0.97);
  EXPECT_GT(matching["swapped"]["separated"], 0.85);
  const json answers = figures("vqa", "count=60,questions=4");
  EXPECT_GT(answers["accuracy"], 0.72);
  EXPECT_LT(answers["blind"], 0.45);  // before a grey picture
}

// Tables for people; a figure of which the data hold nothing is null, or a dash that is explained.
TEST(EvalDetection, PrintsTablesAndNoMinusOne) {
  const std::vector<std::string> arguments = {"eval", "detection", "--data", "world", "--count", "2", "--quiet"};
  const auto table = run_program(arguments);
  ASSERT_EQ(table.status, 0) << table.err;
  EXPECT_EQ(table.out.find('{'), std::string::npos) << table.out;
  EXPECT_EQ(table.out.find("-1"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("per_class"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("-: there was nothing to judge"), std::string::npos) << table.out;
  auto with_json = arguments;
  with_json.push_back("--json");
  const json figures = run_program(with_json).lines().at(0);
  EXPECT_TRUE(figures["ap_large"].is_null());  // no object of 128 pixels' pictures covers 96 x 96
  EXPECT_TRUE(figures["ap"].is_number());
}

TEST(EvalCaption, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run_program({"eval", "caption", "--data", "coco:/nowhere"}).status, 2);
  EXPECT_EQ(run_program({"eval", "caption", "--count", "-1"}).status, 2);
  EXPECT_EQ(run_program({"eval", "retrieval", "--model", "blip-nano-caption"}).status, 2);  // has no heads to match with
  EXPECT_EQ(run_program({"eval", "vqa", "--model", "blip-nano-caption"}).status, 2);
}

}  // namespace
}  // namespace omma
