// The held-out questions themselves: that no right answer in the files is wrong, and that every right call gives what its answer
// follows from.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "omma/agent/evaluation/evaluate_questions.h"
#include "omma/agent/found_objects.h"
#include "omma/agent/observation.h"
#include "omma/base/error.h"
#include "omma/vision/mask_json.h"
#include "tests/unit/agent/question_rules.h"

namespace omma {
namespace {

using testing::SeenPicture;

const QuestionFile& written() {
  static const QuestionFile file = read_questions("omma/agent/evaluation/questions/written.jsonl");
  return file;
}
const QuestionFile& unseen_tools() {
  static const QuestionFile file = read_questions("omma/agent/evaluation/questions/unseen_tools.jsonl");
  return file;
}

// As a planner's call would go.
AgentStep call(const PosedQuestion& posed, const RightCall& right, const std::string& question) {
  json input = right.input;
  if (right.asks) input["question"] = question;
  const Tool* tool = posed.tools.find(right.tool);
  check(tool != nullptr, "{} is not on offer", right.tool);
  const ToolOutcome outcome = call_tool(*tool, input, std::chrono::seconds(10));
  EXPECT_EQ(outcome.error, "") << question << " " << input;
  AgentStep step;
  step.action = right.tool;
  step.input = input;
  step.observation = outcome.result.summary;
  step.data = outcome.result.data;
  return step;
}

SeenPicture seen_truly(const PosedQuestion& posed, const json& why, const ThingNames& names) {
  const json time = why.at(0) == "at" ? why.at(1) : json(0);
  const KnownMoment& moment = posed.view.moments[posed.view.moment_at(time == "end" ? posed.times->duration : time.get<double>())];
  SeenPicture picture{posed.view.size, {}, names};
  for (std::size_t i = 0; i < moment.objects.size(); ++i) picture.objects.push_back({moment.objects[i], moment.masks[i]});
  return picture;
}

// What the calls found: a label tells the colour where it was asked for.
SeenPicture seen_by(const std::vector<AgentStep>& steps, Size size, const ThingNames& names) {
  SeenPicture picture{size, {}, names};
  const auto known = [&](const Box& box) {
    return std::ranges::find_if(picture.objects, [&](const auto& seen) { return seen.object.box == box; });
  };
  const auto add = [&](const json& found, RunLengths mask) {
    KnownObject object;
    object.name = found["label"];
    object.box = {found["box"][0], found["box"][1], found["box"][2], found["box"][3]};
    const std::size_t space = object.name.find(' ');
    if (space != std::string::npos && names.said_in(object.name).back() != names.plain(object.name)) {
      object.color = object.name.substr(0, space);
      object.name = object.name.substr(space + 1);
    }
    const auto seen = known(object.box);
    if (seen == picture.objects.end())
      picture.objects.push_back({object, std::move(mask)});
    else if (!object.color.empty())
      seen->object = object;
  };
  for (const AgentStep& step : steps) {
    if (step.data.contains("masks"))
      for (const json& mask : step.data["masks"]) add(mask, read_rle(mask["rle"]));
    else if (step.data.contains("detections"))
      for (const json& found : step.data["detections"]) add(found, {});
  }
  return picture;
}

bool is_same(const ExpectedAnswer& a, const ExpectedAnswer& b) {
  if (a.kind == ExpectedAnswer::Kind::any) return is_same(a.parts.front(), b);  // the fullest of several
  if (a.kind == ExpectedAnswer::Kind::share && b.kind == a.kind) return std::abs(a.number - b.number) < 0.05;
  return a == b;
}

ExpectedAnswer by_rule(const WrittenQuestion& question, const SeenPicture& picture) {
  try {
    return read_expected_answer(answer_by_rule(question.why, picture), question.text);
  } catch (const std::invalid_argument& error) {
    ADD_FAILURE() << question.text << ": " << error.what();
    return {};
  }
}

TEST(HeldOutQuestions, AreManyAndEvenlySpread) {
  std::map<std::string, int> kinds;
  std::set<std::string> texts;
  std::map<bool, int> truths;
  for (const WrittenQuestion& question : written().questions) {
    ++kinds[question.kind];
    texts.insert(question.text);
    if (question.answer.kind == ExpectedAnswer::Kind::yes) ++truths[question.answer.yes];
  }
  EXPECT_GE(written().questions.size(), 320U);
  EXPECT_EQ(texts.size(), written().questions.size());
  EXPECT_GE(kinds.size(), 12U);
  for (const auto& [kind, count] : kinds) EXPECT_TRUE(count >= 15 && count <= 50) << kind << ": " << count;
  EXPECT_LT(std::abs(truths[true] - truths[false]), 10) << truths[true] << " yes, " << truths[false] << " no";
  EXPECT_EQ(unseen_tools().questions.size(), 50U);
  EXPECT_GE(unseen_tools().tools.size(), 10U);
}

TEST(HeldOutQuestions, AnswersFollowFromThePictures) {
  int followed = 0;
  for (const WrittenQuestion& question : written().questions) {
    if (question.why.is_null()) continue;
    const PosedQuestion posed = pose(written(), question);
    const ExpectedAnswer right = by_rule(question, seen_truly(posed, question.why, written().names));
    EXPECT_TRUE(is_same(question.answer, right)) << question.text << ": " << text_of(right);
    ++followed;
  }
  EXPECT_GE(followed, 380);
}

// Masks have other places among what was found, and are compared as pixels.
void expect_observed(const WrittenQuestion& question, const PosedQuestion& posed, AgentResult result, const ThingNames& names) {
  if (question.answer.kind == ExpectedAnswer::Kind::mask) {
    result.answer = "Done.";
    EXPECT_TRUE(judge(question, posed, result, names).right_answer) << question.text;
    return;
  }
  const std::string& tool = question.first.front().tool;
  if (question.why.is_null() || tool.starts_with("describe")) {
    result.answer = result.steps.front().observation;
    EXPECT_TRUE(judge(question, posed, result, names).right_answer) << question.text << ": " << result.answer;
    return;
  }
  const ExpectedAnswer seen = by_rule(question, seen_by(result.steps, posed.view.size, names));
  EXPECT_TRUE(is_same(question.answer, seen)) << question.text << ": " << text_of(seen);
}

void expect_answerable(const QuestionFile& file) {
  for (const WrittenQuestion& question : file.questions) {
    if (question.first.empty()) continue;
    const PosedQuestion posed = pose(file, question);
    AgentResult result;
    result.steps.push_back(call(posed, question.first.front(), question.text));
    for (const RightCall& right : question.then) result.steps.push_back(call(posed, right, question.text));
    expect_observed(question, posed, result, file.names);
  }
}

TEST(HeldOutQuestions, RightCallsGiveWhatTheAnswerFollowsFrom) { expect_answerable(written()); }
TEST(HeldOutQuestions, UnseenToolsAnswer) { expect_answerable(unseen_tools()); }

// Each alternative runs, and is judged right; the shortest right answer, too.
void expect_judged_right(const QuestionFile& file) {
  for (const WrittenQuestion& question : file.questions) {
    const PosedQuestion posed = pose(file, question);
    for (const RightCall& right : question.first) {
      AgentResult result;
      result.steps.push_back(call(posed, right, question.text));
      EXPECT_TRUE(judge(question, posed, result, file.names).right_call) << question.text << " " << right.input;
    }
    AgentResult said;
    said.answer = text_of(question.answer);
    const QuestionVerdict verdict = judge(question, posed, said, file.names);
    EXPECT_EQ(verdict.right_call, question.first.empty()) << question.text;
    const bool talk = question.answer.kind == ExpectedAnswer::Kind::talk;
    if (question.answer.kind == ExpectedAnswer::Kind::mask) continue;
    EXPECT_EQ(verdict.right_answer, !talk || question.first.empty()) << question.text << ": " << said.answer;
  }
}

TEST(HeldOutQuestions, RightCallsAndAnswersAreJudgedRight) { expect_judged_right(written()); }
TEST(HeldOutQuestions, CallsAndAnswersOfUnseenToolsAreJudgedRight) { expect_judged_right(unseen_tools()); }

// The same answer to everything is right seldom.
TEST(HeldOutQuestions, OneAnswerToAllIsWrong) {
  for (const char* answer : {"yes", "no", "2", "blue", "I can only answer questions about the picture."}) {
    int right = 0, asked = 0;
    for (const WrittenQuestion& question : written().questions) {
      if (question.first.empty()) continue;
      right += is_right(question.answer, {.text = answer}, written().names) ? 1 : 0;
      ++asked;
    }
    EXPECT_LT(right, asked / 5) << answer;
  }
}

}  // namespace
}  // namespace omma
