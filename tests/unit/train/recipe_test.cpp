#include "omma/train/recipe.h"

#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

struct TaskPart {
  int64_t width = 1;
  template <class Fields>
  void fields(Fields& field) {
    field("width", width);
  }
};

TEST(Recipe, OverridesByPath) {
  const testing::TemporaryDirectory directory;
  write_file(directory / "r.json", R"({"task": "t", "steps": 10, "schedule": {"kind": "steps"}})");
  const std::vector<std::string> overrides = {"steps=20", "schedule.kind=constant", "schedule.milestones=[0.5]", "width=3"};
  const auto [trainer, task] = split_recipe<TaskPart>(read_recipe(directory / "r.json", overrides), "r.json");
  EXPECT_EQ(trainer.steps, 20);
  EXPECT_EQ(trainer.schedule.kind, "constant");
  EXPECT_EQ(trainer.schedule.milestones, std::vector<double>{0.5});
  EXPECT_EQ(task.width, 3);
  EXPECT_NE(testing::invalid_argument_of([&] {
              read_recipe(directory / "r.json", std::vector<std::string>{"steps"});
            }).find("expected key=value"),
            std::string::npos);
}

TEST(Recipe, UnknownFieldsAreRefused) {
  for (const json& recipe : {json{{"stepz", 1}}, json{{"schedule", {{"knd", "cosine"}}}}})
    EXPECT_NE(testing::invalid_argument_of([&] { split_recipe<TaskPart>(recipe, "r.json"); }).find("unknown field"),
              std::string::npos);
}

TEST(Recipe, DifferencesLeaveOutHowARunIsCarriedOut) {
  const json a = {{"seed", 1}, {"max_minutes", 5}, {"device", "cpu"}}, b = {{"seed", 2}, {"max_minutes", 9}};
  EXPECT_EQ(recipe_differences(a, b), std::vector<std::string>{"seed: 1, here 2"});
}

// A run may grow, but not shrink.
TEST(Recipe, MoreStepsAreNoDifference) {
  const json shorter = {{"steps", 10}}, longer = {{"steps", 20}};
  EXPECT_TRUE(recipe_differences(shorter, longer).empty());
  EXPECT_EQ(recipe_differences(longer, shorter), std::vector<std::string>{"steps: 20, here 10"});
  EXPECT_EQ(recipe_differences(json::object(), longer).size(), 1U);  // 1000 unless said
}

}  // namespace
}  // namespace omma
