#include "omma/data/instruction_dataset.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "omma/base/file.h"
#include "omma/data/picture_text.h"
#include "omma/data/validate.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

json turn(const char* from, const json& value) { return {{"from", from}, {"value", value}}; }
json record(const json& id, const char* image, const json& turns) {
  json object = {{"id", id}, {"conversations", turns}};
  if (image != nullptr) object["image"] = image;
  return object;
}

class InstructionData : public ::testing::Test {
 protected:
  InstructionData() {
    std::filesystem::create_directory(directory_ / "images");
    for (const char* name : {"a.png", "b.png"}) write_image(directory_ / "images" / name, Image(8, 8));
    write_file(directory_ / "images/broken.png", "no picture");
  }

  std::unique_ptr<InstructionDataset> open(const json& list, double max_fault_share = 1) const {
    write_file(directory_ / "instruct.json", dump_json(list));
    return open_instruction_dataset("llava:" + directory_.path().string(), "", {.max_fault_share = max_fault_share});
  }

  testing::TemporaryDirectory directory_;
  const json question_ = turn("human", "<image>\nWhat is it?"), answer_ = turn("gpt", "A dog.");
  const json plain_ = turn("human", "Hello?");
};

TEST_F(InstructionData, ReadsDialogues) {
  const auto data = open({record("1", "a.png", {question_, answer_, plain_, answer_}), record(2, nullptr, {plain_, answer_}),
                          record("3", "b.png", {turn("human", "What is it?\n<image>"), answer_})},
                         0);
  ASSERT_EQ(data->size(), 3U);
  EXPECT_EQ(data->sample(0).rounds, (std::vector<InstructionRound>{{"What is it?", "A dog."}, {"Hello?", "A dog."}}));
  EXPECT_EQ(data->image(0).width, 8);
  EXPECT_EQ(data->sample(1).id, "2");
  EXPECT_TRUE(data->image(1).empty());
  EXPECT_TRUE(data->has_image(1));
  EXPECT_EQ(data->sample(2).rounds[0].question, "What is it?");
  EXPECT_EQ(validate(*data, 1).total(), 0U);
  EXPECT_EQ(to_json(data->sample(0)), record("1", "a.png", {question_, answer_, plain_, answer_}));
}

TEST_F(InstructionData, TellsEveryFlawBySample) {
  const json good = {question_, answer_};
  const auto data = open({record("good", "a.png", good),
                          record("good", "a.png", {question_, turn("gpt", "A cat.")}),  // another dialogue about it
                          record("good", "a.png", good),                                // the same again
                          record("good", "b.png", {question_, turn("gpt", "A cup.")}),  // of another picture
                          record("odd", "a.png", json::array({question_})),
                          record("none", "a.png", json::array()),
                          record("order", "a.png", {answer_, question_}),
                          record("twice", "a.png", {question_, question_}),
                          record("who", "a.png", {turn("user", "<image>\nHm?"), answer_}),
                          record("empty", "a.png", {question_, turn("gpt", " \n")}),
                          record("bare", "a.png", {turn("human", "<image>\n"), answer_}),
                          record("number", "a.png", {question_, turn("gpt", 7)}),
                          record("no token", "a.png", {plain_, answer_}),
                          record("two tokens", "a.png", {turn("human", "<image><image>\nWhat?"), answer_}),
                          record("late token", "a.png", {question_, answer_, turn("human", "<image> and now?"), answer_}),
                          record("answered token", "a.png", {question_, turn("gpt", "<image>")}),
                          record("no picture", nullptr, {question_, answer_}),
                          record("missing", "c.png", {question_, answer_}),
                          record("broken", "broken.png", {question_, answer_}),
                          record("outside", "../../etc/passwd", {question_, answer_}),
                          record(json::array(), "a.png", good),
                          record("text", "a.png", "no list"),
                          7});
  const DatasetReport report = validate(*data, 1);
  std::map<std::string, std::string> faults;
  for (const DatasetIssue& issue : report.issues()) faults[issue.sample] += std::string(name_of(issue.fault)) + " ";
  const std::map<std::string, std::string> expected = {{"good", "duplicate_id duplicate_id "},
                                                       {"odd", "wrong_turns "},
                                                       {"none", "wrong_turns "},
                                                       {"order", "wrong_turns "},
                                                       {"twice", "wrong_turns "},
                                                       {"who", "wrong_turns "},
                                                       {"empty", "blank_text "},
                                                       {"bare", "blank_text "},
                                                       {"number", "malformed_text "},
                                                       {"no token", "image_token "},
                                                       {"two tokens", "image_token "},
                                                       {"late token", "image_token "},
                                                       {"answered token", "image_token "},
                                                       {"no picture", "image_token "},
                                                       {"missing", "missing_picture "},
                                                       {"broken", "unreadable_picture "},
                                                       {"[19]", "malformed_record "},
                                                       {"[20]", "malformed_record "},
                                                       {"[21]", "malformed_record "},
                                                       {"[22]", "malformed_record "}};
  EXPECT_EQ(faults, expected);
  EXPECT_EQ(data->size(), 4U);
  EXPECT_EQ(report.records().left_out, 21U);
}

// The same questions and answers with and without the request; denials alone.
TEST(WorldInstructions, ShortAnswersAskedForOrNotAndDenials) {
  const auto open = [](const std::string& kind) { return open_instruction_dataset("world:size=32,count=40,kinds=" + kind, ""); };
  const auto asked = open("short"), bare = open("bare"), absent = open("absent");
  for (std::size_t i = 0; i < asked->size(); ++i) {
    const auto with = asked->sample(i).rounds, without = bare->sample(i).rounds;
    ASSERT_EQ(with.size(), without.size());
    for (std::size_t round = 0; round < with.size(); ++round) {
      EXPECT_EQ(with[round].answer, without[round].answer);
      EXPECT_TRUE(with[round].question.starts_with(without[round].question));
      EXPECT_EQ(with[round].question.ends_with(short_answer_request), with[round].question != without[round].question);
    }
    for (const InstructionRound& round : absent->sample(i).rounds) EXPECT_TRUE(round.answer.starts_with("No, ")) << round.answer;
  }
  EXPECT_EQ(asked->image(3), absent->image(3));
  EXPECT_NE(testing::invalid_argument_of([&] { open("shrt"); }).find("absent"), std::string::npos);
}

TEST_F(InstructionData, RefusesWhatIsNoData) {
  EXPECT_NE(testing::invalid_argument_of([&] { open(json::object()); }).find("expected a list"), std::string::npos);
  EXPECT_NE(
      testing::invalid_argument_of([&] { open(json::array({record("odd", "a.png", json::array({question_}))}), .05); }).find("odd"),
      std::string::npos);
  EXPECT_THROW(open_instruction_dataset("llava:/nowhere", ""), std::invalid_argument);
  EXPECT_THROW(open_instruction_dataset("coco:/nowhere", ""), std::invalid_argument);
}

// Dialogues of the world, of the kinds that are named, the same whenever they are asked for.
TEST(WorldInstructions, EveryKindHasItsForm) {
  const auto of = [](const std::string& kind) {
    return open_instruction_dataset("world:seed=5,size=32,count=20,kinds=" + kind, "val");
  };
  for (const char* kind : {"caption", "conversation", "detail", "reasoning", "short"}) {
    const auto data = of(kind), again = of(kind);
    ASSERT_EQ(data->size(), 20U);
    for (std::size_t i = 0; i < data->size(); ++i) {
      const InstructionSample sample = data->sample(i);
      const std::string place = "val/" + std::to_string(i) + "#";
      EXPECT_TRUE(sample.id == place + kind || sample.id == place + "detail") << sample.id;
      EXPECT_FALSE(sample.image.empty());
      ASSERT_FALSE(sample.rounds.empty()) << sample.id;
      EXPECT_EQ(sample.rounds, again->load(i).sample.rounds);
      for (const InstructionRound& round : sample.rounds) EXPECT_FALSE(round.question.empty() || round.answer.empty()) << sample.id;
    }
    EXPECT_EQ(data->image(3), data->load(3).image);
  }
  for (const InstructionRound& round : of("short")->sample(0).rounds) {
    EXPECT_TRUE(round.question.ends_with(short_answer_request)) << round.question;
    EXPECT_LT(round.answer.size(), 20U);
  }
}

// What there would be to see stands before the first question, and the dialogue is the one about the picture.
TEST(WorldInstructions, ToldInWords) {
  const auto open = [](const std::string& told) {
    return open_instruction_dataset("world:size=64,count=30,kinds=conversation+short" + told, "val");
  };
  const auto shown = open(""), told = open(",told=1");
  for (std::size_t i = 0; i < shown->size(); ++i) {
    const auto sample = shown->sample(i), with = told->sample(i);
    ASSERT_EQ(with.rounds.size(), sample.rounds.size());
    EXPECT_EQ(with.id, sample.id);
    EXPECT_TRUE(std::ranges::equal(with.rounds, sample.rounds, {}, &InstructionRound::answer, &InstructionRound::answer));
    const std::string& question = with.rounds.front().question;
    ASSERT_TRUE(question.ends_with("\n" + sample.rounds.front().question)) << question;
    const PictureText picture = read_picture_text(question.substr(0, question.size() - sample.rounds.front().question.size()));
    EXPECT_TRUE(picture.captions.empty()) << question;
    EXPECT_FALSE(picture.boxes.empty());
    for (const NamedBox& named : picture.boxes) EXPECT_NEAR(named.box.x0 * 10, std::round(named.box.x0 * 10), 1e-4) << question;
  }
  EXPECT_EQ(open(",told=0")->sample(3).rounds, shown->sample(3).rounds);
  EXPECT_THROW(open(",told=2"), std::invalid_argument);
}

TEST(WorldInstructions, KindsAreDrawnAsOftenAsTheyStandThere) {
  const auto data = open_instruction_dataset("world:size=32,count=400,kinds=detail+detail+detail+caption", "train");
  int captions = 0;
  for (std::size_t i = 0; i < data->size(); ++i) captions += data->sample(i).id.ends_with("#caption") ? 1 : 0;
  EXPECT_NEAR(captions, 100, 35);
  EXPECT_THROW(open_instruction_dataset("world:kinds=poem", ""), std::invalid_argument);
  EXPECT_THROW(open_instruction_dataset("world:kinds=", ""), std::invalid_argument);
  EXPECT_THROW(open_instruction_dataset("world:kind=detail", ""), std::invalid_argument);
}

}  // namespace
}  // namespace omma
