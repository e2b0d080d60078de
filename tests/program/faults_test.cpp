// Data with faults: told in a line, counted, and the right status.
#include <gtest/gtest.h>

#include <algorithm>

#include "omma/io/image_file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
using testing::run_program;

// Forty rendered scenes.
class Faults : public ::testing::Test {
 protected:
  Faults() {
    const auto run = run_program({"render", "--seed", "5", "--count", "40", "--size", "48", "--out", path()});
    EXPECT_EQ(run.status, 0) << run.err;
  }
  std::string path(const std::string& name = "") const { return (directory_ / name).string(); }
  void break_pictures(int count) {
    for (int i = 0; i < count; ++i) write_file(path(fmt::format("images/{:06}.png", i + 7)), "no picture");
  }
  json figures(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "eval");
    arguments.insert(arguments.end(), {"--split", "", "--json"});
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 0) << run.err;
    const std::size_t told = run.err.find("is left out");
    EXPECT_NE(told, std::string::npos) << run.err;
    EXPECT_EQ(run.err.find("is left out", told + 1), std::string::npos) << "told once: " << run.err;
    return run.status == 0 ? run.lines().at(0) : json::object();
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(Faults, EvaluationsLeaveBrokenPicturesOut) {
  break_pictures(1);
  const std::string coco = "coco:" + path(), detection = path("annotations.json");
  for (const auto& [task, data, count] :
       {std::tuple("detection", "coco:" + detection, "pictures"), {"caption", coco, "pictures"}, {"retrieval", coco, "images"}}) {
    const json figures = this->figures({task, "--data", data});
    EXPECT_EQ(figures["data_faults"], "1 unreadable_picture") << task;
    EXPECT_EQ(figures[count], 39) << task;
  }
  const auto vqa = run_program({"eval", "vqa", "--data", "jsonl:" + path(), "--json"});
  EXPECT_EQ(vqa.status, 0) << vqa.err;
  EXPECT_NE(vqa.lines().at(0)["data_faults"].get<std::string>().find("unreadable_picture"), std::string::npos);

  break_pictures(3);
  const auto refused = run_program({"eval", "caption", "--data", coco, "--split", ""});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("3 of 40 pictures cannot be used, over the limit of 5 %"), std::string::npos) << refused.err;
  EXPECT_EQ(run_program({"eval", "caption", "--data", coco, "--split", "", "--max-fault-share", ".1"}).status, 0);
}

TEST_F(Faults, TrainingsLeaveBrokenPicturesOut) {
  break_pictures(1);
  const json recipe = parse_json(R"({"task": "blip", "seed": 5, "steps": 12, "threads": 1, "batch_size": 8, "learning_rate": 0.001,
    "validation_data": "", "max_tokens": 40, "objective": {"itc": 0, "itm": 0}, "model": {"architectures": ["BlipForConditionalGeneration"], "image_text_hidden_size": 16,
    "vision_config": {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32, "patch_size": 16},
    "text_config": {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 40}}})",
                                 "recipe");
  write_file(path("recipe.json"), dump_json(recipe));
  const testing::TemporaryDirectory runs;
  const auto train = [&](const std::string& out) {
    return run_program({"train", path("recipe.json"), "--out", (runs / out).string(), "--set", "data=coco:" + path(), "--json"});
  };
  const auto run = train("one");
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.lines().at(0)["data_faults"], "1 unreadable_picture");
  EXPECT_NE(run.err.find("000007.png is left out"), std::string::npos) << run.err;
  break_pictures(20);
  const auto refused = train("two");
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("over the limit of 5 %"), std::string::npos) << refused.err;
}

TEST_F(Faults, ValidateEndsAsATrainingWould) {
  const auto validate = [&](const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"validate", "--data", "coco:" + path("annotations.json"), "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  };
  break_pictures(2);
  const auto few = validate();
  EXPECT_EQ(few.status, 0) << few.err;
  EXPECT_EQ(few.lines().at(0)["usable"], 38);
  EXPECT_EQ(few.lines().at(0)["counts"]["unreadable_picture"], 2);
  EXPECT_EQ(validate({"--max-fault-share", "0"}).status, 1);
  break_pictures(3);
  EXPECT_EQ(validate().status, 1);
  EXPECT_EQ(validate({"--max-fault-share", ".1"}).status, 0);
  EXPECT_NE(run_program({"validate", "--data", "coco:" + path("annotations.json")}).out.find("over the limit of 5 %"),
            std::string::npos);

  json labels = read_json(path("annotations.json"));
  for (json& annotation : labels["annotations"]) annotation["bbox"] = {0, 0, 0, 0};
  write_file(path("annotations.json"), dump_json(labels));
  EXPECT_EQ(validate().status, 1);
  const auto eval = run_program({"eval", "detection", "--data", "coco:" + path("annotations.json")});
  EXPECT_EQ(eval.status, 2);
  EXPECT_NE(eval.err.find("no usable box"), std::string::npos) << eval.err;
}

TEST_F(Faults, ClassesThatTheDataLackAreTold) {
  for (const char* data : {"coco:", "world:"}) {
    const std::string spec = data == std::string("coco:") ? data + path("annotations.json") : data;
    const auto run = run_program({"eval", "detection", "--data", spec, "--class", "dgo=dog"});
    EXPECT_EQ(run.status, 2) << spec;
    EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
  }
  EXPECT_EQ(run_program({"eval", "detection", "--data", "coco:" + path("annotations.json"), "--class", "dog="}).status, 2);
}

}  // namespace
}  // namespace omma
