#include "omma/agent/found_objects.h"

#include <gtest/gtest.h>

#include "omma/vision/mask_json.h"

namespace omma {
namespace {

AgentStep step_with(json detections) {
  AgentStep step;
  step.action = "detect_objects";
  step.data = {{"objects", json::object()}, {"detections", std::move(detections)}};
  return step;
}
json found(const char* label, double score, std::array<double, 4> box) {
  return {{"label", label}, {"score", score}, {"box", box}, {"place", "center"}};
}

TEST(FoundObjects, AnObjectOfTwoStepsIsToldOnce) {
  const std::vector<AgentStep> steps = {
      step_with({found("dog", .9, {10, 10, 50, 50}), found("dog", .8, {60, 10, 90, 50})}), AgentStep{},
      step_with({found("red dog", .95, {11, 10, 51, 50}), found("car", .5, {60, 60, 90, 90}), found("dog", .3, {60, 11, 90, 50})})};
  const std::vector<Detection> objects = found_objects(steps);
  ASSERT_EQ(objects.size(), 3U);
  EXPECT_EQ(objects[0].label, "red dog");  // surer than the first step was
  EXPECT_FLOAT_EQ(objects[0].box.x0, 11);
  EXPECT_EQ(objects[1].label, "dog");
  EXPECT_FLOAT_EQ(objects[1].score, .8F);
  EXPECT_EQ(objects[2].label, "car");
}

// What one step tells apart stays apart: its detector has suppressed what it wanted to.
TEST(FoundObjects, BoxesOfOneStepAreDifferentObjects) {
  const std::vector<AgentStep> steps = {step_with({found("person", .9, {10, 10, 50, 50}), found("rider", .8, {10, 10, 50, 51})})};
  EXPECT_EQ(found_objects(steps).size(), 2U);
}

TEST(FoundObjects, BoxesOfAStep) {
  EXPECT_TRUE(boxes_of(AgentStep{}).is_null());
  EXPECT_EQ(boxes_of(step_with(json::array())), json::array());
  EXPECT_EQ(boxes_of(step_with({found("dog", .5, {1, 2, 3, 4})})),
            json::parse(R"([{"label": "dog", "score": 0.5, "box": [1.0, 2.0, 3.0, 4.0]}])"));
  EXPECT_EQ(boxes_of(step_with({3, {{"label", "dog"}}, {{"label", "a"}, {"score", 1}, {"box", {1, 2, "x", 4}}}})), json::array());
}

json cut_out(const char* label, double score, const RunLengths& mask) {
  json cut = found(label, score, {0, 0, 4, 4});
  cut["rle"] = rle_json(mask);
  return cut;
}
AgentStep step_with_masks(json masks) {
  AgentStep step;
  step.data = {{"detections", json::array()}, {"masks", std::move(masks)}};
  return step;
}

TEST(FoundObjects, MasksOfAStep) {
  const RunLengths mask{4, 4, {2, 9, 5}};
  EXPECT_TRUE(masks_of(AgentStep{}).is_null());
  EXPECT_TRUE(masks_of(step_with(json::array())).is_null());
  json broken = cut_out("dog", .5, mask);
  broken["rle"]["counts"] = "?";
  EXPECT_EQ(masks_of(step_with_masks({3, found("dog", .5, {0, 0, 4, 4}), cut_out("dog", .5, mask), broken})),
            json::array({cut_out("dog", .5, mask)}));
}

TEST(FoundObjects, AMaskOfTwoStepsIsToldOnce) {
  const RunLengths left{4, 4, {0, 8, 8}}, right{4, 4, {8, 8}};
  const std::vector<AgentStep> steps = {step_with_masks({cut_out("dog", .5, left)}), AgentStep{},
                                        step_with_masks({cut_out("blue dog", .9, left), cut_out("car", .5, right)})};
  const std::vector<ObjectMask> masks = found_masks(steps, {4, 4});
  ASSERT_EQ(masks.size(), 2U);
  EXPECT_EQ(masks[0].label, "blue dog");
  EXPECT_EQ(masks[1].mask, right);
  EXPECT_TRUE(found_masks(steps, {5, 4}).empty());  // of another picture
}

}  // namespace
}  // namespace omma
