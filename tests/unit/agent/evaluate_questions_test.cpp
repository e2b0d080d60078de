#include "omma/agent/evaluation/evaluate_questions.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/scripted_model.h"

namespace omma {
namespace {

using testing::act;

const std::string lines =
    R"({"synonyms": {"truck": ["lorry"]}}
{"picture": "street", "size": [64, 48], "objects": [{"name": "truck", "box": [0, 0, 32, 24]}, {"name": "truck", "box": [40, 0, 60, 24]}]}
{"clip": "film", "seconds": 4, "size": [64, 48], "moments": [{"from": 0, "objects": []}, {"from": 2, "objects": [{"name": "dog", "box": [0, 0, 8, 8]}]}]}
{"kind": "count", "about": "street", "question": "Lorries?", "first": [{"tool": "detect_objects", "input": {"objects": ["truck"]}}], "answer": {"number": 2}}
{"kind": "clip", "about": "film", "question": "How many dogs at the end?", "first": [{"tool": "detect_objects", "input": {"objects": ["dog"], "time": "end"}}], "answer": {"number": 1}}
)";

QuestionFile only(std::size_t question) {
  QuestionFile file = parse_questions(lines, "file");
  file.questions = {file.questions.at(question)};
  return file;
}

json asked(const QuestionFile& file, std::vector<std::string> texts, AgentResult* kept = nullptr) {
  testing::ScriptedModel model(std::move(texts));
  return evaluate_agent(model, file, {}, [&](const WrittenQuestion&, const AgentResult& result, const QuestionVerdict&) {
    if (kept != nullptr) *kept = result;
  });
}

TEST(EvaluateQuestions, JudgesTheFirstCallAndTheAnswer) {
  AgentResult result;
  json figures = asked(only(0), {act(R"({"objects": ["lorries"]})", "detect_objects"), " x\nFinal Answer: Two."}, &result);
  EXPECT_EQ(figures["all"]["right_calls"], 1);
  EXPECT_EQ(figures["all"]["right_answers"], 1);
  EXPECT_EQ(figures["per_kind"]["count"]["asked"], 1);
  EXPECT_EQ(figures["steps"], 1.0);
  EXPECT_EQ(result.steps.at(0).observation.substr(0, 17), "Found lorries: 2.");

  figures = asked(only(0), {act(R"({"objects": ["bus"]})", "detect_objects"), " x\nFinal Answer: 2"});
  EXPECT_EQ(figures["all"]["right_calls"], 0);
  EXPECT_EQ(figures["all"]["right_answers"], 1);
  figures = asked(only(0), {" x\nFinal Answer: 3"});
  EXPECT_EQ(figures["all"]["right_calls"], 0);
  EXPECT_EQ(figures["all"]["call_accuracy"], 0.0);
  EXPECT_EQ(figures["all"]["right_answers"], 0);
}

// As `omma agent` does, the words that tell the time are taken out, and the tools look there.
TEST(EvaluateQuestions, ClipsAreAskedAtTheirMoment) {
  AgentResult result;
  const json figures = asked(only(1), {act(R"({"objects": ["dog"]})", "detect_objects"), " x\nFinal Answer: 1"}, &result);
  EXPECT_EQ(figures["all"]["right_calls"], 1);
  EXPECT_EQ(result.steps.at(0).observation.substr(0, 13), "Found dog: 1.");
  EXPECT_EQ(
      asked(only(1), {act(R"({"objects": ["dog"], "time": 1})", "detect_objects"), " x\nFinal Answer: 1"})["all"]["right_calls"],
      0);
}

TEST(EvaluateQuestions, MasksAreComparedAsPixels) {
  QuestionFile file = only(0);
  file.questions[0].answer = read_expected_answer({{"mask", {0}}}, "test");
  file.questions[0].first = {{.tool = "segment_object", .input = {{"object", "truck"}, {"which", "largest"}}}};
  const auto right = [&](const char* input) {
    return asked(file, {act(input, "segment_object"), " x\nFinal Answer: done"})["all"]["right_answers"] == 1;
  };
  EXPECT_TRUE(right(R"({"object": "truck", "which": "largest"})"));
  EXPECT_FALSE(right(R"({"object": "truck", "which": "smallest"})"));
  file.questions[0].answer.objects = {7};
  EXPECT_THROW(right(R"({"object": "truck"})"), std::invalid_argument);
}

TEST(EvaluateQuestions, TalkIsRightAfterTheRightCallAlone) {
  QuestionFile file = only(0);
  file.questions[0].answer = read_expected_answer({{"talk", true}}, "test");
  EXPECT_EQ(asked(file, {" x\nFinal Answer: Done."})["all"]["right_answers"], 0);
  EXPECT_EQ(asked(file, {act(R"({"objects": ["truck"]})", "detect_objects"), " x\nFinal Answer: Done."})["all"]["right_answers"],
            1);
  file.questions[0].first.clear();
  EXPECT_EQ(asked(file, {" x\nFinal Answer: You are welcome."})["all"]["right_answers"], 1);
}

TEST(EvaluateQuestions, CaptionsTellEveryObject) {
  const auto called = [](const char* name, const char* color = "") {
    KnownObject object;
    object.name = name;
    object.color = color;
    return object;
  };
  EXPECT_EQ(caption_of({called("dog", "red"), called("bus"), called("dog", "red")}), "two red dogs and a bus");
  EXPECT_EQ(caption_of({called("apple"), called("bus"), called("cat")}), "an apple, a bus and a cat");
  EXPECT_EQ(caption_of({}), "an empty picture");
}

}  // namespace
}  // namespace omma
