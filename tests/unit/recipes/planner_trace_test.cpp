#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "omma/agent/react_parser.h"
#include "omma/data/world/language.h"
#include "omma/data/world/split.h"
#include "omma/recipes/planner/made_up_words.h"
#include "omma/recipes/planner/off_topic.h"
#include "omma/recipes/planner/trace.h"
#include "omma/recipes/planner/vocabulary.h"
#include "omma/text/tokenizer.h"

namespace omma {
namespace {

TEST(PlannerTrace, IsPureAndWellFormed) {
  std::set<PlannerSkill> skills;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const PlannerTrace trace = make_planner_trace(3, i);
    SCOPED_TRACE(trace.text);
    EXPECT_EQ(trace.text, make_planner_trace(3, i).text);
    skills.insert(trace.skill);
    ASSERT_FALSE(trace.learned.empty());
    EXPECT_EQ(trace.learned.back().second, trace.text.size());
    EXPECT_TRUE(trace.text.ends_with("Final Answer: " + trace.answer));
    // Every learned part but the last is a call that the loop can read; observations are not learned.
    for (std::size_t part = 0; part < trace.learned.size(); ++part) {
      const auto [begin, end] = trace.learned[part];
      const std::string text = trace.text.substr(begin, end - begin);
      if (part + 1 == trace.learned.size()) break;
      EXPECT_TRUE(text.ends_with("\nObservation:"));
      EXPECT_EQ(parse_react(text).fault, "");
      EXPECT_EQ(text.find("Found"), std::string::npos);
    }
  }
  EXPECT_EQ(skills.size(), static_cast<std::size_t>(planner_skill_count));
}

TEST(PlannerTrace, NeverNamesAHeldOutPair) {
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const std::string text = make_planner_trace(4, i).text;
    for (const ColorName& pair : combo_pairs()) {
      const std::string phrase = std::string(world_color(pair.color)) + " " + std::string(world_noun(pair.name).singular);
      const auto at = text.find(phrase);
      const bool whole_word =
          at != std::string::npos && (at + phrase.size() == text.size() || std::isalpha(text[at + phrase.size()]) == 0);
      EXPECT_FALSE(whole_word) << phrase << " in " << text;
    }
  }
}

TEST(PlannerTrace, CountsReachForty) {
  int largest = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const PlannerTrace trace = make_planner_trace(5, i);
    if (trace.skill == PlannerSkill::count && trace.answer != "unknown") largest = std::max(largest, std::stoi(trace.answer));
  }
  EXPECT_GE(largest, 40);
}

// The calls of a trace and what the loop said to each, by the loop's own parser.
struct Call {
  ReactStep step;
  std::string observation;
};

std::vector<Call> calls_of(const PlannerTrace& trace) {
  std::vector<Call> calls;
  for (std::size_t part = 0; part + 1 < trace.learned.size(); ++part) {
    const auto [begin, end] = trace.learned[part];
    calls.push_back(
        {parse_react(trace.text.substr(begin, end - begin)), trace.text.substr(end + 1, trace.text.find('\n', end) - end - 1)});
  }
  return calls;
}

// Both new skills copy: the question into the call, what was said into the answer. Without the tool the detector serves.
TEST(PlannerTrace, DescribeImageIsCopiedWordByWord) {
  std::map<PlannerSkill, int> copied, fell_back;
  int foreign = 0;
  std::set<std::string> said;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const PlannerTrace trace = make_planner_trace(8, i);
    const bool described = trace.skill == PlannerSkill::describe;
    if (!described && trace.skill != PlannerSkill::exist_relation) continue;
    SCOPED_TRACE(trace.text);
    const std::vector<Call> calls = calls_of(trace);
    ASSERT_FALSE(calls.empty());
    EXPECT_EQ(calls[0].step.action, "describe_image");
    EXPECT_EQ(calls[0].step.input, described ? json::object() : json({{"question", trace.question}}));
    if (calls[0].observation.starts_with("Error - ")) {
      ++fell_back[trace.skill];
      EXPECT_EQ(calls.at(1).step.action, "detect_objects");
      continue;
    }
    ++copied[trace.skill];
    EXPECT_EQ(calls.size(), 1U);
    EXPECT_EQ(trace.answer, calls[0].observation);
    if (!described) said.insert(trace.answer);
    foreign += described && trace.answer.find("platelet") != std::string::npos ? 1 : 0;
  }
  for (const PlannerSkill skill : {PlannerSkill::describe, PlannerSkill::exist_relation}) {
    EXPECT_GT(copied[skill], 150) << name_of(skill);
    EXPECT_GT(fell_back[skill], 5) << name_of(skill);
  }
  EXPECT_GT(foreign, 0);
  EXPECT_EQ(said, (std::set<std::string>{"no", "yes"}));
}

TEST(PlannerTrace, WhatIsNotAboutThePictureIsAnsweredAtOnce) {
  std::set<std::string> sentences;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const PlannerTrace trace = make_planner_trace(9, i);
    if (trace.skill != PlannerSkill::off_topic) continue;
    EXPECT_EQ(trace.learned.size(), 1U) << trace.text;
    EXPECT_EQ(trace.answer, off_topic_answer);
    sentences.insert(trace.question);
  }
  EXPECT_GT(sentences.size(), 250U);
}

TEST(PlannerVocabulary, IsSmallAndLossless) {
  const Tokenizer tokenizer = Tokenizer::from_json(planner_tokenizer(), "planner");
  EXPECT_LT(tokenizer.vocab_size(), 700U);
  for (std::uint64_t i = 0; i < 300; ++i) {
    const std::string text = make_planner_trace(6, i).text;
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text).ids), text);
  }
  const auto tokens = [&](const char* text) { return tokenizer.encode(text).ids.size(); };
  EXPECT_EQ(tokens(" How many buses"), 3U);
  EXPECT_EQ(tokens(" 41"), 2U);          // each digit is a token
  EXPECT_EQ(tokens(" platelets"), 10U);  // unknown words go by the byte
  EXPECT_EQ(tokens(" Hamlet"), 7U);      // those of questions that are not about the picture, too
  EXPECT_EQ(tokens("\nAction: describe_image"), 6U);
}

// "Would you say", "Does the picture": how a sentence begins.
std::string beginning(const std::string& text) {
  std::istringstream words(text);
  std::string first, second, third;
  words >> first >> second >> third;
  return first + " " + second + " " + third;
}

TEST(PlannerTrace, HeldOutWordingsAreNotTaught) {
  std::set<std::string> taught;
  for (std::uint64_t index = 0; index < 5000; ++index) taught.insert(beginning(make_planner_trace(3, index).question));
  for (std::uint64_t index = 0; index < 300; ++index) {
    Rng rng(2, index);
    for (const Question& question : questions(make_scene(4, index, {.size = 64}), rng, Wording::held_out))
      EXPECT_FALSE(taught.contains(beginning(question.text))) << question.text;
  }
}

}  // namespace
}  // namespace omma
