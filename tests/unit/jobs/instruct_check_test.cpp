#include "omma/jobs/instruct_check.h"

#include <gtest/gtest.h>

#include "omma/data/picture_text.h"

namespace omma {
namespace {

// A red dog on the left, two blue cars on the right.
const std::vector<SeenObject> objects = seen_objects({{.name = "red dog", .box = {.05F, .4F, .25F, .6F}},
                                                      {.name = "blue car", .box = {.7F, .1F, .9F, .3F}},
                                                      {.name = "blue car", .box = {.7F, .6F, .9F, .8F}}},
                                                     Lexicon::world());

CheckedReply check(InstructKind kind, const std::string& reply, bool is_cut = false) {
  return check_reply(kind, {.text = reply, .is_cut = is_cut}, "Describe it.", objects, Lexicon::world());
}

std::string block(const std::string& question, const std::string& answer) {
  return "Question:\n" + question + "\n===\nAnswer:\n" + answer + "\n===\n";
}

// Why the only round of a reply is refused; "" where it is kept.
std::string refusal(InstructKind kind, const std::string& reply) {
  const CheckedReply checked = check(kind, reply);
  EXPECT_EQ(checked.rounds.size() + checked.refused.size(), 1U) << reply;
  return checked.refused.empty() ? "" : checked.refused.front().reason;
}

constexpr InstructKind conversation = InstructKind::conversation, detail = InstructKind::detail,
                       reasoning = InstructKind::reasoning;

TEST(InstructCheck, KeepsWhatIsGood) {
  const CheckedReply checked = check(
      conversation, block("How many cars are there?", "There are two cars.") + block("Is there a cat?", "No, there is no cat."));
  EXPECT_TRUE(checked.refused.empty());
  EXPECT_EQ(checked.rounds.size(), 2U);
  EXPECT_EQ(checked.rounds[1], (InstructionRound{"Is there a cat?", "No, there is no cat."}));
  EXPECT_EQ(checked.facts[2], 3) << "two cars; no, and no cat";
  EXPECT_EQ(refusal(detail, "A red dog is on the left. Two blue cars are on the right."), "");
  EXPECT_EQ(check(detail, "A red dog is on the left.").rounds[0].question, "Describe it.");
  EXPECT_EQ(refusal(reasoning, block("Which object is closest to the left edge?", "The red dog is the leftmost object.")), "");
  EXPECT_EQ(refusal(conversation, "question: What colour is the dog?\n=====\nANSWER: Red."), "");
}

TEST(InstructCheck, RefusesWhatHasNotTheForm) {
  for (const char* reply : {"Once upon a time", "Question:\nWhat is it?", "Answer:\nA dog.", "Question: Q?\nAnswer: A dog."})
    EXPECT_EQ(refusal(conversation, reply), "form") << reply;
  EXPECT_EQ(refusal(conversation, " \n"), "empty");
  EXPECT_EQ(refusal(conversation, block("", "A dog.")), "empty");
  EXPECT_EQ(refusal(reasoning, block("Why?", "So.") + block("Why not?", "So.")), "form");
  // A reply that was cut keeps its whole rounds.
  const CheckedReply cut = check(conversation, block("Is there a dog?", "Yes.") + "Question:\nHow many ca");
  EXPECT_EQ(cut.rounds.size(), 1U);
  EXPECT_EQ(cut.refused.at(0).reason, "form");
  const CheckedReply in_answer =
      check(conversation, block("Is there a dog?", "Yes.") + "Question:\nAny cat?\n===\nAnswer:\nNo", true);
  EXPECT_EQ(in_answer.rounds, (std::vector<InstructionRound>{{"Is there a dog?", "Yes."}}));
  EXPECT_EQ(in_answer.refused.at(0).round.question, "Any cat?");
  const CheckedReply in_question = check(conversation, block("Is there a dog?", "Yes.") + "Question:\nAny c", true);
  EXPECT_EQ(in_question.rounds.size(), 1U);
  for (const auto& [kind, reply] :
       {std::pair(detail, std::string("A red dog is on the")), {reasoning, block("Why?", "So it is bec")}}) {
    EXPECT_EQ(check(kind, reply, true).rounds.size(), 0U);
    EXPECT_EQ(check(kind, reply, true).refused.at(0).reason, "form");
  }
}

TEST(InstructCheck, RefusesRamblingAndRepetition) {
  std::string sentence;
  for (int i = 0; i < 5; ++i) sentence += "The dog is red. ";
  EXPECT_EQ(refusal(detail, sentence), "rambling");
  EXPECT_EQ(refusal(detail, std::string(5000, 'x')), "rambling");
  const CheckedReply twice = check(conversation, block("Is there a dog?", "Yes.") + block("Is there a dog?", "Yes, one."));
  EXPECT_EQ(twice.rounds.size(), 1U);
  EXPECT_EQ(twice.refused.at(0).reason, "repeated");
  std::string many;
  for (int i = 0; i < 30; ++i) many += block("Number " + std::to_string(i) + "?", "Yes.");
  EXPECT_EQ(check(conversation, many).rounds.size(), 20U);
}

TEST(InstructCheck, RefusesWordsAboutTheSource) {
  for (const char* text :
       {"The caption says that there is a red dog.", "According to the bounding boxes a red dog is on the left.",
        "The red dog is at [0.05, 0.4].", "The dog fills [0.3, 0.4, 0.5, 0.6].", "Two boxes are labelled there.",
        "According to the text, it is a red dog.", "Its coordinates are on the left.", "As described, there is a red dog."})
    EXPECT_EQ(refusal(detail, text), "source") << text;
}

TEST(InstructCheck, RefusesQuestionsThatGiveTheAnswerAway) {
  EXPECT_EQ(refusal(conversation, block("What color is the red dog?", "It is red.")), "gives away");
  EXPECT_EQ(refusal(conversation, block("How many of the two cars are blue?", "Two of the cars.")), "gives away");
  EXPECT_EQ(refusal(conversation, block("Is the dog red or blue?", "It is red.")), "");
  EXPECT_EQ(refusal(conversation, block("Who is left of the blue cars, the red dog?", "The red dog.")), "gives away");
  for (const char* question : {"Why is the red dog on the left?", "What do the two blue cars do?", "Is the dog left of a car?"})
    EXPECT_EQ(refusal(reasoning, block(question, "The red dog is on the left.")), "gives away") << question;
}

TEST(InstructCheck, RefusesWhatIsNotSo) {
  const CheckedReply checked =
      check(conversation, block("How many cars?", "There are three cars.") + block("What color is the dog?", "It is red."));
  EXPECT_EQ(checked.rounds.size(), 1U);
  EXPECT_EQ(checked.refused.at(0).reason, "false");
  EXPECT_EQ(checked.refused.at(0).why, "3 car");
  EXPECT_EQ(refusal(detail, "A red dog is on the right."), "false");
  EXPECT_EQ(refusal(detail, "There is a cat."), "false");
  EXPECT_EQ(refusal(reasoning, block("What is big?", "The dog is above a blue car and above a cat.")), "false");
}

TEST(InstructCheck, RefusesTokensOfTheFormat) {
  EXPECT_EQ(refusal(detail, "A red dog <image> is there."), "token");
  EXPECT_EQ(refusal(conversation, block("<Image> what?", "A dog.")), "token");
}

}  // namespace
}  // namespace omma
