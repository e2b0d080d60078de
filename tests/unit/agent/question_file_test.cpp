#include "omma/agent/evaluation/question_file.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

const std::string street =
    R"({"picture": "street", "size": [64, 48], "objects": [{"name": "truck", "color": "red", "box": [0, 0, 10, 10]}]})"
    "\n";
const std::string question_start = R"({"kind": "count", "about": "street", "question": "How many?", )";

constexpr const char* other_lines = R"({"synonyms": {"truck": ["lorry"]}}

{"picture": "world", "scene": {"seed": 15, "index": 1}}
{"clip": "film", "seconds": 4, "size": [64, 48], "moments": [{"from": 0, "objects": []}, {"from": 2, "objects": []}]}
{"tool": "hive", "description": "Weighs.", "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}, "example": {"n": 1}}
)";

TEST(QuestionFile, ReadsPicturesClipsAndTools) {
  const QuestionFile file = parse_questions(other_lines + street, "file");
  ASSERT_EQ(file.pictures.size(), 3U);
  EXPECT_EQ(file.pictures.at("world").scene.value().index, 1U);
  EXPECT_EQ(file.pictures.at("film").moments.at(1).from, 2);
  EXPECT_EQ(file.pictures.at("film").seconds, 4);
  const WrittenPicture& picture = file.pictures.at("street");
  EXPECT_EQ(picture.size, (Size{64, 48}));
  EXPECT_EQ(picture.moments.at(0).objects.at(0).color, "red");
  EXPECT_EQ(picture.moments.at(0).objects.at(0).box, (Box{0, 0, 10, 10}));
  EXPECT_EQ(file.tools.at("hive").example, json({{"n", 1}}));
  EXPECT_EQ(file.names.plain("lorries"), "truck");
}

TEST(QuestionFile, ReadsAQuestion) {
  const QuestionFile file = parse_questions(
      street + question_start +
          R"("first": [{"tool": "detect_objects", "input": {"objects": ["zebra"]}}, {"tool": "describe_image", "input": {}, "mentions": []}],)"
          R"("answer": {"number": 0}, "told": "none"})",
      "file");
  ASSERT_EQ(file.questions.size(), 1U);
  const WrittenQuestion& question = file.questions[0];
  EXPECT_EQ(question.kind, "count");
  ASSERT_EQ(question.first.size(), 2U);
  EXPECT_FALSE(question.first[0].asks);
  EXPECT_TRUE(question.first[1].asks);
  EXPECT_EQ(question.told, "none");
  EXPECT_EQ(file.names.plain("zebras"), "zebra");  // a name that only a call has
}

std::string fault_of(const std::string& lines) {
  try {
    parse_questions(lines, "file");
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(QuestionFile, TellsEachFaultyLine) {
  const std::string faults = fault_of("{}\n" + street + street + "[1]\n{\"kind\": \"a\"");
  for (const char* at : {"file:1: ", "file:3: there is a \"street\" already", "file:4: expected an object", "file:5: "})
    EXPECT_NE(faults.find(at), std::string::npos) << at << " in " << faults;
  EXPECT_EQ(faults.find("file:2"), std::string::npos) << faults;
}

TEST(QuestionFile, RefusesWhatCannotBeAsked) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {question_start + R"("first": [], "answer": {"talk": true}})", "no picture or clip"},
      {street + question_start + R"("first": [], "answer": {}})", "answer: expected an object of one member"},
      {street + question_start + R"("first": [], "answer": {"talk": true}, "mood": "good"})", "unknown field \"mood\""},
      {street + question_start + R"("then": [{"tool": "x", "input": {}}], "answer": {"talk": true}})", "expected a first call"},
      {street + question_start + R"("first": [{"tool": "fly", "input": {}}], "answer": {"talk": true}})", "fly is not on offer"},
      {street + question_start + R"("first": [{"tool": "describe_video", "input": {}}], "answer": {"talk": true}})",
       "not on offer"},
      {street + question_start + R"("first": [{"tool": "detect_objects", "input": {}, "mentions": []}], "answer": {"talk": true}})",
       "expected mentions of describing tools"},
      {street + question_start + R"("first": [{"tool": "detect_objects", "input": {"time": "end"}}], "answer": {"talk": true}})",
       "expected a time of clips alone"},
      {street + question_start + R"("tools": ["hive"], "answer": {"talk": true}})", "no tool \"hive\""},
      {street + R"({"kind": "a", "about": "street", "question": " ", "answer": {"talk": true}})", "expected a question"},
      {street + R"({"kind": "all", "about": "street", "question": "x", "answer": {"talk": true}})", "expected a kind"},
      {R"({"picture": "a", "size": [64], "objects": []})", "expected a size"},
      {R"({"picture": "a", "size": [64, 5000], "objects": []})", "size[1]"},
      {R"({"picture": "a", "clip": "a", "seconds": 1, "size": [6, 4], "moments": [{"from": 0}]})", "a picture or of a clip"},
      {R"({"picture": "a", "size": [64, 48], "objects": [{"name": "x", "box": [0, 0, 70, 10]}]})", "outside the picture"},
      {R"({"picture": "a", "size": [64, 48], "objects": [{"name": "x", "box": [5, 0, 5, 10]}]})", "expected a box"},
      {R"({"picture": "a", "scene": {"seed": 1}})", "seed or index is missing"},
      {R"({"picture": "a", "scene": {"seed": 1, "index": 1, "split": "dev"}})", "dev"},
      {R"({"clip": "a", "size": [64, 48], "moments": [{"from": 0}]})", "expected seconds"},
      {R"({"clip": "a", "seconds": 4, "size": [64, 48], "moments": [{"from": 1}]})", "rising times"},
      {R"({"clip": "a", "seconds": 4, "size": [64, 48], "moments": [{"from": 0}, {"from": 4}]})", "rising times"},
      {R"({"clip": "a", "seconds": 4, "size": [64, 48], "moments": []})", "moments of a clip"},
      {R"({"tool": "detect_objects", "description": "x", "schema": {}, "example": {}})", "a picture's tool"},
      {R"({"tool": "x", "description": "x", "schema": {"type": "object", "minItems": "a"}, "example": {}})", "x"},
      {R"({"tool": "x", "schema": {}, "example": {}})", "expected a description"},
      {R"({"synonyms": {"dog": ["cat"]}})", "means \"cat\" already"},
      {R"({"synonyms": []})", "expected an object"},
      {R"({"picture": "a", "picture": "b"})", "picture"},
  };
  for (const auto& [lines, fault] : cases) {
    const std::string told = fault_of(lines);
    EXPECT_NE(told.find(fault), std::string::npos) << lines << "\n" << told;
    EXPECT_TRUE(told.starts_with("file")) << told;
  }
}

}  // namespace
}  // namespace omma
