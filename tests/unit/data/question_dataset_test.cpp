#include "omma/data/question_dataset.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "omma/base/file.h"
#include "omma/data/validate.h"
#include "omma/data/world/export.h"
#include "omma/data/world/language.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

TEST(WorldQuestions, AskEachScene) {
  const auto dataset = open_question_dataset("world:seed=4,count=60,size=48,questions=5", "val");
  ASSERT_EQ(dataset->size(), 300U);
  std::map<std::string, int> types;
  for (std::size_t i = 0; i < dataset->size(); ++i) {
    const QuestionSample sample = dataset->sample(i);
    EXPECT_EQ(sample.key, fmt::format("val/{}#{}", i / 5, i % 5));
    EXPECT_EQ(sample.answers.size(), 1U);
    EXPECT_FALSE(sample.question.empty() || sample.answers[0].empty());
    ++types[sample.type];
  }
  EXPECT_EQ(types.size(), static_cast<std::size_t>(question_type_count));
  for (const auto& [type, count] : types) EXPECT_GT(count, 15) << type;
  const Scene scene = make_scene(4, 7, {.size = 48, .split = Split::val});
  EXPECT_EQ(dataset->load(37).image, scene.image);
  EXPECT_EQ(dataset->load(37).sample.question, dataset->sample(37).question);
}

TEST(WorldQuestions, FewTypesAreAskedAgain) {
  const auto dataset = open_question_dataset("world:count=10,size=48,objects=1,questions=8", "");
  EXPECT_EQ(dataset->size(), 80U);
  for (std::size_t i = 0; i < 80; ++i) EXPECT_FALSE(dataset->sample(i).question.empty());
  EXPECT_THROW(open_question_dataset("world:questions=0", ""), std::invalid_argument);
  EXPECT_THROW(open_question_dataset("world:captions=1", ""), std::invalid_argument);
  EXPECT_THROW(open_question_dataset("coco:x", ""), std::invalid_argument);
}

class QuestionFiles : public ::testing::Test {
 protected:
  std::unique_ptr<QuestionDataset> open(const std::string& kind, const std::string& split = "") {
    return open_question_dataset(kind + ":" + directory_.path().string(), split, {.max_fault_share = 1});
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(QuestionFiles, RenderedQuestionsReadBack) {
  render_dataset({.seed = 3, .count = 6, .out = directory_.path(), .scene = {.size = 64}});
  const auto dataset = open_question_dataset("jsonl:" + directory_.path().string(), "");
  EXPECT_EQ(validate(*dataset, 2).summary(), "");
  EXPECT_GT(dataset->size(), 12U);
  EXPECT_EQ(dataset->sample(0).key, "images/000000.png#0");
  EXPECT_EQ(dataset->sample(1).key, "images/000000.png#1");
  EXPECT_EQ(dataset->image(0), make_scene(3, 0, {.size = 64}).image);
}

TEST_F(QuestionFiles, LinesOfOnePictureStandTogetherAndFaultsAreTold) {
  write_file(directory_ / "questions.jsonl", R"({"image": "a.png", "question": "What?", "answer": "dog", "type": "what"}
{"image": "b.png", "question": "Who?", "answers": ["cat", " cow "], "question_id": 77}

{"image": "a.png", "question": " Where? ", "answer": "here"}
{"image": "a.png", "question": ["x", "y"], "answer": "list"}
{"image": "a.png", "question": "", "answer": "blank"}
{"image": "a.png", "question": "No answer?"}
{"image": "a.png", "question": "None?", "answer": []}
{"image": "../a.png", "question": "Out?", "answer": "yes"}
{"question": "No picture?", "answer": "yes"}
nonsense
)");
  const auto dataset = open("jsonl");
  ASSERT_EQ(dataset->size(), 3U);
  EXPECT_EQ(dataset->sample(0).question, "What?");
  EXPECT_EQ(dataset->sample(1).question, "Where?");
  EXPECT_EQ(dataset->sample(1).type, "");
  EXPECT_EQ(dataset->sample(2).key, "77");
  EXPECT_EQ(dataset->sample(2).answers, (std::vector<std::string>{"cat", "cow"}));
  EXPECT_EQ(dataset->report().summary(), "3 malformed_record, 1 missing_pair, 2 malformed_text, 1 blank_text");
  EXPECT_EQ(dataset->report().issues().back().sample, "questions.jsonl:11");
  EXPECT_THROW(open_question_dataset("jsonl:" + directory_.path().string(), ""), std::invalid_argument);  // 7 of 10 faulty
}

constexpr const char* vqa_questions = R"({"data_subtype": "train2014", "questions": [
  {"image_id": 458752, "question": "What is this?", "question_id": 458752000}, {"image_id": 9, "question": "Is it?", "question_id": 9000},
  {"image_id": 458752, "question": "How many?", "question_id": 458752001}, {"image_id": 9, "question": "Unanswered?", "question_id": 9001},
  {"image_id": 9, "question": "Twice?", "question_id": 9000}, {"question": "No id?"}]})";
constexpr const char* vqa_annotations = R"({"annotations": [
  {"question_id": 458752000, "answer_type": "other", "image_id": 458752, "answers": [{"answer": "net", "answer_confidence": "maybe", "answer_id": 1},
    {"answer": "netting", "answer_confidence": "yes", "answer_id": 2}]},
  {"question_id": 458752001, "answer_type": "number", "answers": [{"answer": "2"}, {"answer": 2}]},
  {"question_id": 9000, "answer_type": "yes/no", "answers": [{"answer": "yes"}]}, {"question_id": 9000, "answers": []}, {"answers": []}]})";

TEST_F(QuestionFiles, Vqa) {
  write_file(directory_ / "v2_OpenEnded_mscoco_train2014_questions.json", vqa_questions);
  write_file(directory_ / "v2_mscoco_train2014_annotations.json", vqa_annotations);
  write_file(directory_ / "v2_OpenEnded_mscoco_val2014_questions.json", "{}");
  std::filesystem::create_directories(directory_ / "images/train2014");
  write_image(directory_ / "images/train2014/COCO_train2014_000000458752.jpg", Image(8, 6));
  const auto dataset = open("vqa", "train");
  ASSERT_EQ(dataset->size(), 3U);
  const QuestionSample first = dataset->sample(0), second = dataset->sample(1), third = dataset->sample(2);
  EXPECT_EQ(first.key, "458752000");
  EXPECT_EQ(first.answers, (std::vector<std::string>{"net", "netting"}));
  EXPECT_EQ(second.question, "How many?");
  EXPECT_EQ(second.answers, std::vector<std::string>{"2"});
  EXPECT_EQ(second.type, "number");
  EXPECT_EQ(third.key, "9000");
  EXPECT_EQ(dataset->image(0).width, 8);
  EXPECT_FALSE(dataset->has_image(2));
  EXPECT_EQ(dataset->report().summary(), "2 malformed_record, 1 duplicate_id, 2 missing_pair, 1 malformed_text");
  EXPECT_EQ(validate(*dataset, 2).count(DatasetFault::missing_picture), 1U);
  EXPECT_NE(invalid_argument_of([&] { open("vqa"); }).find("found 2"), std::string::npos);
  EXPECT_NE(invalid_argument_of([&] { open("vqa", "val"); }).find("annotations"), std::string::npos);
}

TEST_F(QuestionFiles, VqaRefusesWhatLeadsOut) {
  write_file(directory_ / "questions.json", R"({"data_subtype": "../../etc", "questions": []})");
  write_file(directory_ / "annotations.json", R"({"annotations": []})");
  EXPECT_NE(invalid_argument_of([&] { open("vqa"); }).find("leads out"), std::string::npos);
  write_file(directory_ / "questions.json", R"({"data_subtype": 7, "questions": {}})");
  EXPECT_NE(invalid_argument_of([&] { open("vqa"); }).find("\"questions\", got object"), std::string::npos);
  write_file(directory_ / "annotations.json", "[]");
  EXPECT_NE(invalid_argument_of([&] { open("vqa"); }).find("expected a JSON object"), std::string::npos);
}

}  // namespace
}  // namespace omma
