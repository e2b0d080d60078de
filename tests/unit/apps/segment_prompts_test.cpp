#include "apps/segment_prompts.h"

#include <gtest/gtest.h>

#include "omma/io/tensor_file.h"
#include "tests/temporary_directory.h"

namespace omma::app {
namespace {

using testing::invalid_argument_of;

TEST(SegmentPrompts, SinglePointsAndABoxAreOneObject) {
  const auto objects = read_prompts({.points = {"10,20", "15.5,25,0"}, .boxes = {"1,2,30,40"}, .mask = ""});
  ASSERT_EQ(objects.size(), 1U);
  ASSERT_EQ(objects[0].points.size(), 2U);
  EXPECT_EQ(objects[0].points[0].x, 10);
  EXPECT_TRUE(objects[0].points[0].foreground);
  EXPECT_EQ(objects[0].points[1].x, 15.5F);
  EXPECT_FALSE(objects[0].points[1].foreground);
  EXPECT_EQ(objects[0].box, (Box{1, 2, 30, 40}));
}

TEST(SegmentPrompts, JoinedPointsAndSeveralBoxesAreObjectsOfTheirOwn) {
  const auto joined = read_prompts({.points = {"10,20;15,25,0", "3,4", "7,8;"}, .boxes = {}, .mask = ""});
  ASSERT_EQ(joined.size(), 3U);
  EXPECT_EQ(joined[0].points.size(), 1U);
  EXPECT_EQ(joined[1].points.size(), 2U);
  EXPECT_EQ(joined[2].points.size(), 1U);
  const auto boxes = read_prompts({.points = {}, .boxes = {"0,0,1,1", "2,2,3,3"}, .mask = ""});
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[1].box, (Box{2, 2, 3, 3}));
  EXPECT_TRUE(read_prompts({}).empty());
}

TEST(SegmentPrompts, WhatIsNoPromptIsToldByItsFlag) {
  for (const char* point : {"", "1", "1,2,3", "1,2,0.5", "a,b", "1,nan", "1,2,1,1", "1,,2", ";"})
    EXPECT_NE(invalid_argument_of([&] { read_prompts({.points = {point}, .boxes = {}, .mask = ""}); }).find("--point: expected"),
              std::string::npos)
        << point;
  for (const char* box : {"", "1,2,3", "5,5,1,9", "0,0,0,4", "1,2,3,inf"})
    EXPECT_NE(invalid_argument_of([&] { read_prompts({.points = {}, .boxes = {box}, .mask = ""}); }).find("--box: expected"),
              std::string::npos)
        << box;
  EXPECT_NE(
      invalid_argument_of([] { read_prompts({.points = {"1,2"}, .boxes = {"0,0,1,1", "2,2,3,3"}, .mask = ""}); }).find("--box"),
      std::string::npos);
}

TEST(SegmentPrompts, LogitsComeBackAsTheyWere) {
  const testing::TemporaryDirectory directory;
  const std::string file = (directory / "logits.safetensors").string();
  const MaskLogits mask{.width = 3, .height = 2, .values = {1, -2, 3, 4.5F, 0, -1}},
      other{.width = 3, .height = 2, .values = std::vector<float>(6)};
  write_mask_logits(file, {&mask});
  const MaskLogits read = read_mask_logits(file);
  EXPECT_EQ(read.width, 3);
  EXPECT_EQ(read.height, 2);
  EXPECT_EQ(read.values, mask.values);
  EXPECT_EQ(read_prompts({.points = {}, .boxes = {}, .mask = file}).at(0).mask->values, mask.values);
  write_mask_logits(file, {&mask, &other});
  EXPECT_NE(invalid_argument_of([&] { read_mask_logits(file); }).find("expected the logits of one mask, got [2, 2, 3]"),
            std::string::npos);
}

}  // namespace
}  // namespace omma::app
