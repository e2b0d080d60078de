// What the oracle writes is true of the scene, says enough, and comes from the text alone.
#include "omma/data/world/oracle.h"

#include <gtest/gtest.h>

#include <set>

#include "omma/data/judgement.h"
#include "omma/data/picture_texts.h"
#include "omma/data/world/partners.h"
#include "omma/data/world/split.h"

namespace omma {
namespace {

constexpr std::size_t scenes = 2200;

// The statements' verdicts: none may be wrong or in doubt.
void expect_true(const InstructionRound& round, const std::vector<SeenObject>& objects, const std::string& key) {
  const std::vector<Statement> statements = read_statements(round.answer, Lexicon::world(), round.question);
  EXPECT_FALSE(statements.empty()) << key << ": nothing read in: " << round.question << " " << round.answer;
  for (const Statement& statement : statements)
    EXPECT_EQ(judge(statement, objects), Verdict::yes)
        << key << ": " << text_of(statement, Lexicon::world()) << " in: " << round.question << " " << round.answer;
}

TEST(Oracle, WritesNothingButTheTruth) {
  std::set<std::string> questions, openings;
  for (const char* split : {"train", "val", "combo", "len"}) {
    const auto data = open_picture_texts("world:seed=20260,count=550,size=64", split);
    for (std::size_t i = 0; i < scenes / 4; ++i) {
      const TextedPicture picture = data->sample(i);
      const std::vector<SeenObject> objects = seen_objects(picture.text.boxes, Lexicon::world());
      const std::string all = text_of(picture.text, PictureParts::captions_and_boxes);
      const auto rounds = oracle_conversation(text_of(picture.text, PictureParts::captions), i);
      EXPECT_GE(rounds.size(), 2U) << picture.key;
      for (const InstructionRound& round : rounds) {
        expect_true(round, objects, picture.key);
        questions.insert(round.question);
      }
      const std::string detail = oracle_detail(all, i);
      expect_true({.question = "Describe the picture in detail.", .answer = detail}, objects, picture.key);
      openings.insert(detail.substr(0, 9));
      const InstructionRound reasoning = oracle_reasoning(all, i);
      expect_true(reasoning, objects, picture.key);
      questions.insert(reasoning.question);
      if (HasFailure()) return;  // one is enough to look at
    }
  }
  EXPECT_GT(questions.size(), 1000U);
  EXPECT_GT(openings.size(), 8U);
}

// What is denied is not there; where partners of what is there are not, it is about them first.
TEST(Oracle, DeniesWhatMightHaveBeenThere) {
  const auto data = open_picture_texts("world:seed=5,count=200,size=64,together=.5", "train");
  int about_partners = 0;
  for (std::size_t i = 0; i < data->size(); ++i) {
    const TextedPicture picture = data->sample(i);
    const std::vector<SeenObject> objects = seen_objects(picture.text.boxes, Lexicon::world());
    const auto is_there = [&](int name) { return std::ranges::find(objects, name, &SeenObject::name) != objects.end(); };
    int missing_partners = 0;
    for (int name = 0; name < world_name_count; ++name) missing_partners += !is_there(name) && is_there(partner_of(name));
    const auto rounds = oracle_denials(text_of(picture.text, PictureParts::captions_and_boxes), i);
    ASSERT_EQ(rounds.size(), 2U);
    EXPECT_NE(rounds[0], rounds[1]);
    int partners = 0;
    for (const InstructionRound& round : rounds) {
      expect_true(round, objects, picture.key);
      EXPECT_TRUE(round.answer.starts_with("No, ")) << round.answer;
      const auto statements = read_statements(round.answer, Lexicon::world(), round.question);
      ASSERT_FALSE(statements.empty()) << round.answer;
      partners += is_there(partner_of(statements.front().subject.names.front()));
    }
    EXPECT_EQ(partners, std::min(2, missing_partners)) << picture.key;
    about_partners += partners;
  }
  EXPECT_GT(about_partners, 100);
  EXPECT_TRUE(oracle_denials("a red dog\n", 1).empty()) << "a caption may leave something out";
}

// As often of what is there as of what is not.
TEST(Oracle, AffirmsAndDeniesNamesAlike) {
  const auto data = open_picture_texts("world:seed=6,count=200,size=64", "train");
  for (std::size_t i = 0; i < data->size(); ++i) {
    const TextedPicture picture = data->sample(i);
    const std::vector<SeenObject> objects = seen_objects(picture.text.boxes, Lexicon::world());
    std::set<int> names;
    for (const SeenObject& object : objects) names.insert(object.name);
    const auto rounds = oracle_existence(text_of(picture.text, PictureParts::captions_and_boxes), i);
    EXPECT_EQ(rounds.size(), 2 * std::min<std::size_t>(3, names.size())) << picture.key;
    for (const InstructionRound& round : rounds) expect_true(round, objects, picture.key);
    EXPECT_EQ(std::ranges::count_if(rounds, [](const auto& round) { return round.answer.starts_with("Yes, "); }),
              std::ranges::count_if(rounds, [](const auto& round) { return round.answer.starts_with("No, "); }));
    if (HasFailure()) return;
  }
  EXPECT_TRUE(oracle_existence("a red dog\n", 1).empty()) << "a caption may leave something out";
}

// A detailed description names every object with its colour and a place.
TEST(Oracle, DescribesEverything) {
  const auto data = open_picture_texts("world:seed=4,count=200,size=64", "train");
  for (std::size_t i = 0; i < data->size(); ++i) {
    const TextedPicture picture = data->sample(i);
    const std::string detail = oracle_detail(text_of(picture.text, PictureParts::captions_and_boxes), i);
    std::size_t placed = 0;
    for (const Statement& statement : read_statements(detail, Lexicon::world()))
      placed += statement.kind == Statement::Kind::exists && statement.subject.place && statement.subject.color;
    EXPECT_EQ(placed, picture.text.boxes.size()) << detail;
    EXPECT_EQ(detail.find_first_of("0123456789"), std::string::npos) << detail;
  }
}

// No text of a split but combo names a pair that is held out.
TEST(Oracle, NamesNoHeldOutPairs) {
  for (const char* split : {"train", "val", "test"}) {
    const auto data = open_picture_texts("world:seed=9,count=300,size=64", split);
    for (std::size_t i = 0; i < data->size(); ++i) {
      const PictureText text = data->sample(i).text;
      std::vector<InstructionRound> rounds = oracle_conversation(text_of(text, PictureParts::captions), i);
      rounds.push_back(oracle_reasoning(text_of(text, PictureParts::captions_and_boxes), i));
      rounds.push_back({"", oracle_detail(text_of(text, PictureParts::captions_and_boxes), i)});
      for (const InstructionRound& round : rounds)
        for (const Statement& statement : read_statements(round.question + "\n" + round.answer, Lexicon::world()))
          for (const Mention* mention : {&statement.subject, &statement.reference})
            if (mention->names.size() == 1 && mention->color) {
              EXPECT_FALSE(is_combo_pair(mention->names.front(), *mention->color)) << round.question << " " << round.answer;
            }
    }
  }
}

// It is given nothing but the text: of two pictures with the same text it says the same, and what the text leaves out it cannot
// say.
TEST(Oracle, KnowsTheTextAlone) {
  const auto rounds = oracle_conversation("a red dog left of a car\n", 3);
  EXPECT_EQ(rounds, oracle_conversation("a red dog left of a car\n", 3));
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (const InstructionRound& round : oracle_conversation("a red dog left of a car\n", seed)) {
      for (const char* unknown : {"What is in the picture", "in all", "color of the car", " no ", "altogether"})
        EXPECT_EQ((round.question + round.answer).find(unknown), std::string::npos) << round.question << " " << round.answer;
    }
  // Boxes below captions do not reach a conversation.
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    EXPECT_EQ(oracle_conversation("a red dog\n\nblue car: [0.1, 0.1, 0.4, 0.4]\n", seed), oracle_conversation("a red dog\n", seed));
  EXPECT_EQ(oracle_detail("a red dog and a blue car\n", 1), "");
  EXPECT_EQ(oracle_reasoning("a red dog\n", 1), InstructionRound{});
  EXPECT_TRUE(oracle_conversation("what a lovely day\n", 1).empty());
}

}  // namespace
}  // namespace omma
