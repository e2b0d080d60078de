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

TEST(EvalCaption, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run_program({"eval", "caption", "--data", "coco:/nowhere"}).status, 2);
  EXPECT_EQ(run_program({"eval", "caption", "--count", "-1"}).status, 2);
  EXPECT_EQ(run_program({"eval", "retrieval", "--model", "blip-nano-caption"}).status, 2);  // has no heads to match with
  EXPECT_EQ(run_program({"eval", "vqa", "--model", "blip-nano-caption"}).status, 2);
}

}  // namespace
}  // namespace omma
