#include "omma/agent/evaluation/evaluate_questions.h"

#include <algorithm>
#include <map>
#include <memory>

#include "omma/agent/found_objects.h"
#include "omma/agent/moment.h"
#include "omma/agent/tools/video_tools.h"
#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/vision/run_lengths.h"

namespace omma {

namespace {

struct Tally {
  int asked = 0, right_calls = 0, right_answers = 0;

  void add(const QuestionVerdict& verdict) {
    ++asked;
    right_calls += verdict.right_call ? 1 : 0;
    right_answers += verdict.right_answer ? 1 : 0;
  }
};

json to_json(const Tally& tally) {
  const double asked = std::max(1, tally.asked);
  return {{"asked", tally.asked},
          {"right_calls", tally.right_calls},
          {"right_answers", tally.right_answers},
          {"call_accuracy", tally.right_calls / asked},
          {"answer_accuracy", tally.right_answers / asked}};
}

void pose_about_clip(PosedQuestion& posed, const PictureModels& models, double duration) {
  if (const auto moment = moment_in(posed.text, duration)) {
    posed.times = {.usual = moment->seconds, .duration = duration};
    posed.text = moment->question;
  } else {
    posed.times = {.usual = duration / 2, .duration = duration};
  }
  posed.tools = video_tools(models, {.duration = duration,
                                     .frame_at =
                                         [view = posed.view](double seconds) {
                                           return VideoFrame{.image = view.frame(view.moment_at(seconds)), .time = seconds};
                                         },
                                     .whole = [] { return VideoClip(); },
                                     .usual = posed.times->usual});
}

// Tells what the question is told where it is called rightly.
Tool telling(Tool tool, const WrittenQuestion& question, const ThingNames& names) {
  tool.run = [name = tool.name, right = question.first, told = question.told, names](const json& input) {
    const auto fits = [&](const RightCall& call) { return is_as_good(call, name, input, names); };
    return ToolResult{.summary = std::ranges::any_of(right, fits) ? told : "Nothing is known.", .details = "", .data = {}};
  };
  return tool;
}

// Of a clip, when the question's first call looks at it.
double seconds_meant(const WrittenQuestion& question, const PosedQuestion& posed) {
  if (!posed.times || question.first.empty()) return 0;
  const json time = question.first.front().input.value("time", json(posed.times->usual));
  return time == "end" ? posed.times->duration : time.is_number() ? time.get<double>() : 0;
}

// The masks of the objects that are meant.
std::vector<RunLengths> wanted_masks(const WrittenQuestion& question, const PosedQuestion& posed, const ExpectedAnswer& answer) {
  std::vector<RunLengths> masks;
  for (const ExpectedAnswer& part : answer.parts)
    for (RunLengths& mask : wanted_masks(question, posed, part)) masks.push_back(std::move(mask));
  const KnownMoment& moment = posed.view.moments[posed.view.moment_at(seconds_meant(question, posed))];
  for (const int object : answer.objects) {
    check(static_cast<std::size_t>(object) < moment.masks.size(), "\"{}\": expected one of {} objects, got {}", question.text,
          moment.masks.size(), object);
    masks.push_back(moment.masks[static_cast<std::size_t>(object)]);
  }
  return masks;
}

double mask_iou(const WrittenQuestion& question, const PosedQuestion& posed, const AgentResult& result) {
  const std::vector<RunLengths> wanted = wanted_masks(question, posed, question.answer);
  std::vector<RunLengths> found;
  for (ObjectMask& object : found_masks(result.steps, posed.view.size)) found.push_back(std::move(object.mask));
  return wanted.empty() || found.empty() ? 0 : intersection_over_union(union_of(wanted), union_of(found));
}

bool is_right_first_call(const WrittenQuestion& question, const PosedQuestion& posed, const AgentResult& result,
                         const ThingNames& names) {
  if (result.steps.empty()) return question.first.empty();
  const AgentStep& step = result.steps.front();
  return std::ranges::any_of(
      question.first, [&](const RightCall& right) { return is_as_good(right, step.action, step.input, names, posed.times); });
}

}  // namespace

PosedQuestion pose(const QuestionFile& file, const WrittenQuestion& question) {
  const WrittenPicture& picture = file.pictures.at(question.about);
  PosedQuestion posed{.text = question.text, .tools = {}, .times = {}, .view = known_view(picture)};
  const PictureModels models = models_that_know(posed.view, question, file.names, picture.seconds.has_value());
  if (picture.seconds)
    pose_about_clip(posed, models, *picture.seconds);
  else
    posed.tools = picture_tools(models, std::make_shared<const Image>(posed.view.frame(0)));
  for (const std::string& name : question.tools) {
    posed.tools.add(telling(file.tools.at(name), question, file.names));
  }
  return posed;
}

QuestionVerdict judge(const WrittenQuestion& question, const PosedQuestion& posed, const AgentResult& result,
                      const ThingNames& names) {
  const SaidAnswer said{.text = result.answer, .mask_iou = mask_iou(question, posed, result)};
  const bool right_call = is_right_first_call(question, posed, result, names);
  const bool done = question.answer.kind != ExpectedAnswer::Kind::talk || right_call;
  return {.right_call = right_call,
          .right_answer = done && result.stopped == AgentEnd::answer && is_right(question.answer, said, names)};
}

json evaluate_agent(LanguageModel& model, const QuestionFile& file, const AgentOptions& options, const QuestionObserver& observer) {
  Tally all;
  std::map<std::string, Tally> kinds;
  std::size_t steps = 0;
  Progress progress("questions", static_cast<std::int64_t>(file.questions.size()));
  for (const WrittenQuestion& question : file.questions) {
    const PosedQuestion posed = pose(file, question);
    const AgentResult result = run_agent(model, posed.tools, posed.text, options);
    const QuestionVerdict verdict = judge(question, posed, result, file.names);
    all.add(verdict);
    kinds[question.kind].add(verdict);
    steps += result.steps.size();
    if (observer) observer(question, result, verdict);
    progress.advance();
  }
  json figures = {{"all", to_json(all)}, {"steps", static_cast<double>(steps) / std::max(1, all.asked)}};
  for (const auto& [kind, tally] : kinds) figures["per_kind"][kind] = to_json(tally);
  return figures;
}

}  // namespace omma
