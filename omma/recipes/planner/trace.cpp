#include "omma/recipes/planner/trace.h"

#include <algorithm>
#include <array>
#include <memory>

#include "omma/agent/call_guard.h"
#include "omma/agent/evaluation/known_texts.h"
#include "omma/agent/react_prompt.h"
#include "omma/agent/tools/detect_objects.h"
#include "omma/agent/tools/picture_tools.h"
#include "omma/base/error.h"
#include "omma/data/world/words.h"
#include "omma/recipes/planner/off_topic.h"
#include "omma/recipes/planner/question.h"

namespace omma {

namespace {

constexpr std::size_t max_observation_bytes = 2000;
// Writes a trace as the loop would, and remembers which bytes are the planner's own.
class TraceWriter {
 public:
  TraceWriter(const PlannerQuestion& question, const std::vector<KnownObject>& objects, const std::string& caption, Rng& rng)
      : rng_(rng) {
    PictureModels models{.detector = std::make_shared<KnownObjectDetector>(objects)};
    if (!rng.chance(0.05)) {  // an agent without describe_image is asked for it, too
      models.captioner = std::make_shared<KnownCaptioner>(caption);
      models.answerer = std::make_shared<KnownAnswerer>(std::map<std::string, std::string>{{question.text, yes_or_no(rng)}});
    }
    tools_ = picture_tools(models, std::make_shared<const Image>(128, 128));
    trace_.skill = question.skill;
    trace_.question = question.text;
    trace_.objects = objects;
    trace_.text = react_prompt(question.text, tools_, AgentFormat::compact);
  }

  // One step; null where the tool failed, after which only an answer may follow.
  json call(const std::string& thought, const json& input, const std::string& name = "detect_objects") {
    learn(fmt::format(" {}\nAction: {}\nAction Input: {}{}", thought, name, dump_json(input), react_stop));
    trace_.text.resize(trace_.text.size() - react_stop.size());
    ReactStep step;
    step.action = name;
    std::string error;
    const Tool* tool = CallGuard(tools_).admit(step, error);
    if (tool != nullptr && rng_.chance(0.02)) error = "the tool failed";
    if (!error.empty()) {
      trace_.text += react_observation(observation_of_error(error, max_observation_bytes));
      return nullptr;
    }
    const ToolResult result = tool->run(input);
    trace_.text += react_observation(observation_of(result, AgentFormat::compact, max_observation_bytes));
    return result.data;
  }

  void answer(const std::string& thought, const std::string& answer) {
    if (rng_.chance(0.03)) {
      trace_.text += react_forced_answer;
      learn(" " + answer);
    } else {
      learn(fmt::format(" {}\nFinal Answer: {}", thought, answer));
    }
    trace_.answer = answer;
  }

  PlannerTrace take() { return std::move(trace_); }

 private:
  static std::string yes_or_no(Rng& rng) { return rng.chance(0.5) ? "yes" : "no"; }

  void learn(const std::string& text) {
    trace_.learned.emplace_back(trace_.text.size(), trace_.text.size() + text.size());
    trace_.text += text;
  }

  PlannerTrace trace_;
  Toolbox tools_;
  Rng& rng_;
};

int count_of(const json& data) {
  int count = 0;
  for (const auto& [name, found] : data.at("objects").items()) count += found.get<int>();
  return count;
}
int count_of(const json& data, const std::string& name) { return data.at("objects").value(name, 0); }

void give_up(TraceWriter& trace) { trace.answer("The tool failed.", "unknown"); }

void count(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string wanted = question.subject.name.empty() ? "anything" : question.subject.singular;
  const json data = trace.call(fmt::format("I need to find {}.", wanted), {{"objects", {wanted}}});
  if (data.is_null()) return give_up(trace);
  trace.answer(fmt::format("The picture shows {}.", count_of(data)), std::to_string(count_of(data)));
}

void exist(const PlannerQuestion& question, TraceWriter& trace) {
  const json data =
      trace.call(fmt::format("I need to find {}.", question.subject.singular), {{"objects", {question.subject.singular}}});
  if (data.is_null()) return give_up(trace);
  trace.answer(fmt::format("The picture shows {}.", count_of(data)), count_of(data) > 0 ? "yes" : "no");
}

void color(const PlannerQuestion& question, TraceWriter& trace) {
  json colors = json::array();
  for (int i = 0; i < world_color_count; ++i) colors.push_back(world_color(i));
  const std::string& subject = question.subject.singular;
  const json data = trace.call(fmt::format("I need the color of {}.", subject), {{"objects", {subject}}, {"colors", colors}});
  if (data.is_null()) return give_up(trace);
  if (count_of(data) == 0) return trace.answer(fmt::format("The picture shows no {}.", subject), "unknown");
  const auto surer = [](const json& a, const json& b) { return a.at("score") < b.at("score"); };
  const auto& detections = data.at("detections");
  const std::string best = std::max_element(detections.begin(), detections.end(), surer)->at("label");
  trace.answer(fmt::format("It is {}.", best), best.substr(0, best.find(' ')));
}

bool has_relation(const json& detection, const std::string& relation) {
  const auto& relations = detection.at("relations");
  return std::find(relations.begin(), relations.end(), relation) != relations.end();
}

// The nearest object that stands so to the reference: detections are in the order of their distance.
std::string find_related(const json& data, const PlannerQuestion& question) {
  for (const json& detection : data.at("detections"))
    if (has_relation(detection, question.relation)) return detection.at("label");
  return "nothing";
}

void relation(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string &subject = question.subject.singular, &reference = question.reference.singular;
  const json data = trace.call(fmt::format("I need to find {} and {}.", reference, subject), {{"objects", {reference, subject}}});
  if (data.is_null()) return give_up(trace);
  for (const std::string& needed : {reference, subject})
    if (count_of(data, needed) == 0) return trace.answer(fmt::format("The picture shows no {}.", needed), "no");
  const std::string related = find_related(data, question);
  trace.answer(fmt::format("{} {}.", short_relation(question.relation), related), related == "nothing" ? "no" : "yes");
}

void what(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string& reference = question.reference.singular;
  const json found = trace.call(fmt::format("First I need to find {}.", reference), {{"objects", {reference}}});
  if (found.is_null()) return give_up(trace);
  if (count_of(found) == 0) return trace.answer(fmt::format("The picture shows no {}.", reference), "nothing");
  const json data = trace.call(fmt::format("Now I need what is around {}.", reference), {{"objects", {reference, "anything"}}});
  if (data.is_null()) return give_up(trace);
  const std::string related = count_of(data, reference) > 0 ? find_related(data, question) : "nothing";
  trace.answer(fmt::format("{} {}.", short_relation(question.relation), related), related);
}

void compare(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string &subject = question.subject.singular, &reference = question.reference.singular;
  const json first =
      trace.call(fmt::format("I need to count {} and {}. First {}.", subject, reference, subject), {{"objects", {subject}}});
  if (first.is_null()) return give_up(trace);
  const json second =
      trace.call(fmt::format("The picture shows {} {}. Now {}.", count_of(first), subject, reference), {{"objects", {reference}}});
  if (second.is_null()) return give_up(trace);
  const int a = count_of(first), b = count_of(second);
  const bool holds = question.fewer ? a < b : a > b;
  trace.answer(fmt::format("{} is {} {}.", a, a < b ? "fewer than" : a > b ? "more than" : "as many as", b), holds ? "yes" : "no");
}

void where(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string& subject = question.subject.singular;
  const json data = trace.call(fmt::format("I need to find {}.", subject), {{"objects", {subject}}});
  if (data.is_null()) return give_up(trace);
  if (count_of(data) == 0) return trace.answer(fmt::format("The picture shows no {}.", subject), "nowhere");
  const std::string place = data.at("detections").at(0).at("place");
  trace.answer(fmt::format("The {} is at {}.", subject, place), place);
}

void list(const PlannerQuestion&, TraceWriter& trace) {
  const json data = trace.call("I need to find anything.", {{"objects", {"anything"}}});
  if (data.is_null()) return give_up(trace);
  std::string found;
  for (int name = 0; name < world_name_count; ++name) {
    const std::string noun(world_noun(name).singular);
    if (const int number = count_of(data, noun); number > 0)
      found += fmt::format("{}{}: {}", found.empty() ? "" : ", ", noun, number);
  }
  trace.answer("I name what was found.", found.empty() ? "nothing" : found);
}

// Where the picture cannot be described, the detector serves as well as it can.
void describe(const PlannerQuestion& question, TraceWriter& trace) {
  const json data = trace.call("I need a description.", json::object(), "describe_image");
  if (data.is_null()) return list(question, trace);
  trace.answer("I tell what was described.", data.at("caption"));
}

void exist_relation(const PlannerQuestion& question, TraceWriter& trace) {
  const json data = trace.call("I need to look at the whole picture.", {{"question", question.text}}, "describe_image");
  if (data.is_null()) return relation(question, trace);
  const std::string answer = data.at("answer");
  trace.answer(fmt::format("It says {}.", answer), answer);
}

void off_topic(const PlannerQuestion&, TraceWriter& trace) { trace.answer("This is not about the picture.", off_topic_answer); }

struct Skill {
  std::string_view name;
  int weight;  // how often it is asked for
  void (*write)(const PlannerQuestion& question, TraceWriter& trace);
};
// In the order of PlannerSkill. Counting is asked most; comparing is the hardest to learn.
constexpr std::array<Skill, planner_skill_count> skills = {{{"count", 6, count},
                                                            {"exist", 4, exist},
                                                            {"color", 4, color},
                                                            {"relation", 4, relation},
                                                            {"what", 4, what},
                                                            {"compare", 8, compare},
                                                            {"where", 2, where},
                                                            {"list", 1, list},
                                                            {"exist_relation", 4, exist_relation},
                                                            {"describe", 4, describe},
                                                            {"off_topic", 4, off_topic}}};

PlannerSkill draw_skill(Rng& rng) {
  int total = 0, skill = 0;
  for (const Skill& each : skills) total += each.weight;
  for (int draw = rng.between(0, total - 1); draw >= skills[static_cast<std::size_t>(skill)].weight; ++skill)
    draw -= skills[static_cast<std::size_t>(skill)].weight;
  return static_cast<PlannerSkill>(skill);
}

}  // namespace

std::string_view name_of(PlannerSkill skill) { return skills[static_cast<std::size_t>(skill)].name; }

PlannerTrace make_planner_trace(std::uint64_t seed, std::uint64_t index, bool known_words_only) {
  Rng rng(seed, index);
  const PlannerSkill skill = draw_skill(rng);
  const PlannerQuestion question = make_planner_question(skill, known_words_only, rng);
  const std::vector<KnownObject> objects = invent_picture(question, rng);
  TraceWriter trace(question, objects, invent_caption(known_words_only, rng), rng);
  skills[static_cast<std::size_t>(skill)].write(question, trace);
  return trace.take();
}

}  // namespace omma
