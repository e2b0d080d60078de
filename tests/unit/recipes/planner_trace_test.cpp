#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "omma/agent/evaluation/scene_questions.h"
#include "omma/agent/react.h"
#include "omma/agent/react_parser.h"
#include "omma/agent/react_prompt.h"
#include "omma/data/world/split.h"
#include "omma/recipes/planner/made_up_words.h"
#include "omma/recipes/planner/off_topic.h"
#include "omma/recipes/planner/question.h"
#include "omma/recipes/planner/question_templates.h"
#include "omma/recipes/planner/strange_word.h"
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

bool failed(const Call& call) { return call.observation.starts_with("Error - "); }

// Both skills copy: the question into the call, what was said into the answer. Without the tool the detector serves.
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
    EXPECT_EQ(calls[0].step.action, trace.models.captioner ? "describe_image" : "detect_objects");
    const Call& last = calls.back();
    if (last.step.action == "detect_objects") {
      ++fell_back[trace.skill];
      continue;
    }
    EXPECT_EQ(last.step.input, described ? json::object() : json({{"question", trace.question}}));
    if (failed(last)) continue;
    ++copied[trace.skill];
    EXPECT_EQ(trace.answer, last.observation);
    if (!described) said.insert(trace.answer);
    for (const char* name : {"platelet", "laptop", "robot", "tiger"})
      foreign += described && trace.answer.find(name) != std::string::npos ? 1 : 0;
  }
  for (const PlannerSkill skill : {PlannerSkill::describe, PlannerSkill::exist_relation}) {
    EXPECT_GT(copied[skill], 100) << name_of(skill);
    EXPECT_GT(fell_back[skill], 5) << name_of(skill);
  }
  EXPECT_GT(foreign, 0);
  EXPECT_EQ(said, (std::set<std::string>{"no", "yes"}));
}

// Says what the oracle said, and is shown what the oracle was shown.
class OracleModel : public LanguageModel {
 public:
  explicit OracleModel(const PlannerTrace& trace) : trace_(trace) {}
  AgentFormat agent_format() const override { return AgentFormat::compact; }
  GeneratedText generate(std::string_view prompt, const GenerationOptions&, const TextCallback&) override {
    const auto [begin, end] = trace_.learned.at(next_++);
    EXPECT_EQ(prompt, trace_.text.substr(0, begin));
    return {.text = trace_.text.substr(begin, end - begin)};
  }

 private:
  const PlannerTrace& trace_;
  std::size_t next_ = 0;
};

// The tools of a trace, which fail where it says so.
Toolbox tools_of(const PlannerTrace& trace, const std::vector<Call>& calls) {
  Toolbox tools;
  const auto next = std::make_shared<std::size_t>(0);
  const Toolbox known = picture_tools(trace.models, std::make_shared<const Image>(128, 128));
  for (Tool tool : known.tools()) {
    tool.run = [run = tool.run, calls, next](const json& input) {
      const Call& call = calls.at((*next)++);
      if (failed(call)) throw std::runtime_error(call.observation.substr(std::string("Error - ").size()));
      return run(input);
    };
    tools.add(std::move(tool));
  }
  return tools;
}

TEST(PlannerTrace, TheLoopReplaysIt) {
  std::map<PlannerSkill, int> replayed;
  int retried = 0;
  for (std::uint64_t i = 0; i < 700; ++i) {
    const PlannerTrace trace = make_planner_trace(11, i);
    if (trace.text.find(react_forced_answer) != std::string::npos) continue;  // of a run that a limit ended
    SCOPED_TRACE(trace.text);
    const std::vector<Call> calls = calls_of(trace);
    OracleModel oracle(trace);
    const AgentResult result = run_agent(oracle, tools_of(trace, calls), trace.question);
    EXPECT_EQ(result.answer, trace.answer);
    EXPECT_EQ(result.stopped, AgentEnd::answer);
    EXPECT_EQ(result.steps.size(), calls.size());
    ++replayed[trace.skill];
    retried += result.steps.size() > 1 && result.steps[0].failed && !result.steps[1].failed ? 1 : 0;
  }
  EXPECT_EQ(replayed.size(), static_cast<std::size_t>(planner_skill_count));
  EXPECT_GT(retried, 10);
}

bool is_offered(const PlannerTrace& trace, const std::string& tool) {
  return trace.text.substr(0, trace.text.find('\n')).find(tool) != std::string::npos;
}

TEST(PlannerTrace, OnlyToolsOnOfferAreCalled) {
  int without = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const PlannerTrace trace = make_planner_trace(12, i);
    SCOPED_TRACE(trace.text);
    for (const Call& call : calls_of(trace)) EXPECT_TRUE(is_offered(trace, *call.step.action));
    const bool cuts = trace.skill == PlannerSkill::cut_out || trace.skill == PlannerSkill::area;
    if (!cuts || is_offered(trace, "segment_object")) continue;
    EXPECT_EQ(trace.answer, no_segmenter_answer);
    ++without;
  }
  EXPECT_GT(without, 20);
}

// What the last call of a trace cut out, as the tool has it.
json cut_of(const PlannerTrace& trace) {
  const Toolbox tools = picture_tools(trace.models, std::make_shared<const Image>(128, 128));
  return tools.find("segment_object")->run(calls_of(trace).back().step.input).data.at("masks");
}

TEST(PlannerTrace, AnswersTellWhatWasCutOut) {
  std::map<std::string, int> seen;  // by how many were cut out, and which
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const PlannerTrace trace = make_planner_trace(13, i);
    const bool area = trace.skill == PlannerSkill::area, described = trace.skill == PlannerSkill::describe_cut_out;
    if (!area && !described && trace.skill != PlannerSkill::cut_out && trace.skill != PlannerSkill::mask_relation) continue;
    if (!is_offered(trace, "segment_object") || trace.answer.ends_with("unknown")) continue;
    SCOPED_TRACE(trace.text);
    const json input = calls_of(trace).back().step.input, masks = cut_of(trace);
    ++seen[input.value("which", input.contains("relation") ? "related" : "all")];
    ++seen[masks.empty() ? "none" : masks.size() == 1 ? "one" : "several"];
    ++seen[input["object"] == "anything" ? "anything" : "named"];
    const std::string words = described ? trace.answer.substr(trace.answer.rfind("cut out: ") + 9) : trace.answer;
    if (masks.empty()) {
      EXPECT_EQ(words, area ? "0 %" : "nothing");
    } else if (masks.size() > 1) {
      EXPECT_TRUE(area || words.starts_with(std::to_string(masks.size()) + " objects, together "));
    } else {
      const double share = 100 * masks[0]["share"].get<double>();
      EXPECT_TRUE(share < 0.05 || std::abs(std::stod(words) - share) < (share < 10 ? .051 : .51)) << share;
      EXPECT_TRUE(area || words.ends_with(" % of the picture, " + masks[0]["place"].get<std::string>()));
    }
  }
  for (const char* kind : {"all", "best", "largest", "smallest", "related", "none", "one", "several", "anything", "named"})
    EXPECT_GT(seen[kind], 15) << kind;
}

TEST(PlannerTrace, WhatIsNotAboutThePictureIsAnsweredAtOnce) {
  std::set<std::string> sentences;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const PlannerTrace trace = make_planner_trace(8, i);
    if (trace.skill != PlannerSkill::off_topic) continue;
    EXPECT_EQ(trace.learned.size(), 1U) << trace.text;
    EXPECT_EQ(trace.answer, off_topic_answer);
    sentences.insert(trace.question);
  }
  EXPECT_GT(sentences.size(), 250U);
}

TEST(PlannerVocabulary, IsSmallAndLossless) {
  const Tokenizer tokenizer = Tokenizer::from_json(planner_tokenizer(), "planner");
  EXPECT_LT(tokenizer.vocab_size(), 1100U);
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
  for (int skill = 0; skill < planner_skill_count; ++skill) {
    Rng rng(3, static_cast<std::uint64_t>(skill));  // often enough for every sentence, of up to 60
    for (int i = 0; i < 3000; ++i)
      taught.insert(beginning(make_planner_question(static_cast<PlannerSkill>(skill), true, rng).text));
  }
  for (std::uint64_t index = 0; index < 300; ++index) {
    Rng rng(2, index);
    const Scene scene = make_scene(4, index, {.size = 64});
    for (const SceneQuestion& question : scene_questions(scene, rng, Wording::held_out))
      EXPECT_FALSE(taught.contains(beginning(question.text))) << question.text;
  }
}

// A wording with its fields filled in each of several ways, nobody's words among the names.
std::vector<std::string> filled(const std::string& wording) {
  using Fields = std::map<std::string, std::string>;
  std::vector<std::string> texts;
  for (const char* name : {"dog", "trabble"})
    for (const std::string& meant :
         {"the " + std::string(name), std::string("everything"), std::string("all things"), std::string("what is under the cat"),
          std::string("the thing under the cat"), std::string("all that is under the cat")})
      for (const bool several : {false, true}) {
        const std::string many = std::string(name) + "s";
        const Fields fields = {{"s", name},
                               {"p", many},
                               {"a", "a " + std::string(name)},
                               {"S", "cat"},
                               {"P", "cats"},
                               {"A", "a cat"},
                               {"r", "under"},
                               {"m", meant},
                               {"n", name},
                               {"N", many},
                               {"is", several ? "are" : "is"},
                               {"does", several ? "do" : "does"},
                               {"c", "cut out " + meant}};
        std::string text = wording;
        for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{'))
          text.replace(open, text.find('}') - open + 1, fields.at(text.substr(open + 1, text.find('}') - open - 1)));
        texts.push_back(text);
      }
  return texts;
}

std::set<std::string> texts_of(PlannerSkill skill, const std::string& wording) {
  std::set<std::string> texts;
  for (const std::string& text : filled(wording)) texts.insert(text);
  if (skill == PlannerSkill::compare || skill == PlannerSkill::off_topic) return texts;
  for (const WordPlace& place : replaceable_words(skill, wording))
    for (const char* word : {"trabble", "trabbles"})
      for (std::string& text : filled(std::string(wording).replace(place.begin, place.length, word))) texts.insert(std::move(text));
  return texts;
}

// Whatever word is unknown in it, a question stays one of its skill.
TEST(PlannerTrace, NoTextWithAStrangeWordIsOfTwoSkills) {
  std::map<std::string, PlannerSkill> skills;  // by text, small and without what ends it
  std::size_t strange = 0;
  for (int i = 0; i < planner_skill_count; ++i) {
    const auto skill = static_cast<PlannerSkill>(i);
    if (skill == PlannerSkill::mask_relation) continue;  // asked in the words of cut_out
    for (const std::string_view wording : wordings_of(skill)) {
      strange += replaceable_words(skill, wording).size();
      for (std::string text : texts_of(skill, std::string(wording))) {
        if (std::ispunct(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
        std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const auto [known, is_new] = skills.emplace(text, skill);
        EXPECT_TRUE(is_new || known->second == skill) << text << ": " << name_of(known->second) << ", " << name_of(skill);
      }
    }
  }
  EXPECT_GT(strange, 1500U);  // and most words may be unknown
}

TEST(PlannerTrace, AStrangeWordIsNeitherBesideANameNorWhatTells) {
  const auto words = [](PlannerSkill skill, std::string_view wording) {
    std::vector<std::string_view> found;
    for (const WordPlace& place : replaceable_words(skill, wording)) found.push_back(wording.substr(place.begin, place.length));
    return found;
  };
  using Words = std::vector<std::string_view>;
  EXPECT_EQ(words(PlannerSkill::color, "What is the color of the {s}?"), (Words{"What", "is", "the", "of"}));
  EXPECT_EQ(words(PlannerSkill::what, "What lies {r} the {S}?"), (Words{"What", "lies"}));
  EXPECT_EQ(words(PlannerSkill::exist, "Do any {p} appear?"), (Words{"Do"}));
  EXPECT_EQ(words(PlannerSkill::where, "Locate the {s}."), Words());  // "Segment the dog."
  EXPECT_EQ(words(PlannerSkill::list, "Name all objects."), (Words{"all"}));
}

}  // namespace
}  // namespace omma
