#include "omma/recipes/planner/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "omma/agent/tools/detect_objects.h"
#include "omma/data/world/words.h"
#include "omma/recipes/planner/invented_picture.h"
#include "omma/recipes/planner/off_topic.h"
#include "omma/recipes/planner/trace_writer.h"

namespace omma {

namespace {

int count_of(const json& data) {
  int count = 0;
  for (const auto& [name, found] : data.at("objects").items()) count += found.get<int>();
  return count;
}
int count_of(const json& data, const std::string& name) { return data.at("objects").value(name, 0); }

void count(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string wanted = question.subject.name.empty() ? "anything" : question.subject.singular;
  const json data = trace.call(fmt::format("I need to find {}.", wanted), {{"objects", {wanted}}});
  if (data.is_null()) return trace.give_up();
  trace.answer(fmt::format("The picture shows {}.", count_of(data)), std::to_string(count_of(data)));
}

void exist(const PlannerQuestion& question, TraceWriter& trace) {
  const json data =
      trace.call(fmt::format("I need to find {}.", question.subject.singular), {{"objects", {question.subject.singular}}});
  if (data.is_null()) return trace.give_up();
  trace.answer(fmt::format("The picture shows {}.", count_of(data)), count_of(data) > 0 ? "yes" : "no");
}

void color(const PlannerQuestion& question, TraceWriter& trace) {
  json colors = json::array();
  for (int i = 0; i < world_color_count; ++i) colors.push_back(world_color(i));
  const std::string& subject = question.subject.singular;
  const json data = trace.call(fmt::format("I need the color of {}.", subject), {{"objects", {subject}}, {"colors", colors}});
  if (data.is_null()) return trace.give_up();
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
  if (data.is_null()) return trace.give_up();
  for (const std::string& needed : {reference, subject})
    if (count_of(data, needed) == 0) return trace.answer(fmt::format("The picture shows no {}.", needed), "no");
  const std::string related = find_related(data, question);
  trace.answer(fmt::format("{} {}.", short_relation(question.relation), related), related == "nothing" ? "no" : "yes");
}

void what(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string& reference = question.reference.singular;
  const json found = trace.call(fmt::format("First I need to find {}.", reference), {{"objects", {reference}}});
  if (found.is_null()) return trace.give_up();
  if (count_of(found) == 0) return trace.answer(fmt::format("The picture shows no {}.", reference), "nothing");
  const json data = trace.call(fmt::format("Now I need what is around {}.", reference), {{"objects", {reference, "anything"}}});
  if (data.is_null()) return trace.give_up();
  const std::string related = count_of(data, reference) > 0 ? find_related(data, question) : "nothing";
  trace.answer(fmt::format("{} {}.", short_relation(question.relation), related), related);
}

void compare(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string &subject = question.subject.singular, &reference = question.reference.singular;
  const json first =
      trace.call(fmt::format("I need to count {} and {}. First {}.", subject, reference, subject), {{"objects", {subject}}});
  if (first.is_null()) return trace.give_up();
  const json second =
      trace.call(fmt::format("The picture shows {} {}. Now {}.", count_of(first), subject, reference), {{"objects", {reference}}});
  if (second.is_null()) return trace.give_up();
  const int a = count_of(first), b = count_of(second);
  const bool holds = question.fewer ? a < b : a > b;
  trace.answer(fmt::format("{} is {} {}.", a, a < b ? "fewer than" : a > b ? "more than" : "as many as", b), holds ? "yes" : "no");
}

void where(const PlannerQuestion& question, TraceWriter& trace) {
  const std::string& subject = question.subject.singular;
  const json data = trace.call(fmt::format("I need to find {}.", subject), {{"objects", {subject}}});
  if (data.is_null()) return trace.give_up();
  if (count_of(data) == 0) return trace.answer(fmt::format("The picture shows no {}.", subject), "nowhere");
  const std::string place = data.at("detections").at(0).at("place");
  trace.answer(fmt::format("The {} is at {}.", subject, place), place);
}

std::string names_in(const json& data) {
  std::string found;
  for (int name = 0; name < world_name_count; ++name) {
    const std::string noun(world_noun(name).singular);
    if (const int number = count_of(data, noun); number > 0)
      found += fmt::format("{}{}: {}", found.empty() ? "" : ", ", noun, number);
  }
  return found.empty() ? "nothing" : found;
}

void list(const PlannerQuestion&, TraceWriter& trace) {
  const json data = trace.call("I need to find anything.", {{"objects", {"anything"}}});
  if (data.is_null()) return trace.give_up();
  trace.answer("I name what was found.", names_in(data));
}

// Where the picture cannot be described, the detector serves as well as it can. "" where both fail.
std::string description(TraceWriter& trace) {
  if (trace.offers("describe_image")) {
    const json data = trace.call("I need a description.", json::object(), "describe_image");
    if (!data.is_null()) return data.at("caption");
  }
  if (!trace.offers("detect_objects")) return "";
  const json data = trace.call("I need to find anything.", {{"objects", {"anything"}}});
  return data.is_null() ? "" : names_in(data);
}

void describe(const PlannerQuestion&, TraceWriter& trace) {
  const std::string text = description(trace);
  text.empty() ? trace.give_up() : trace.answer("I tell what was described.", text);
}

// Asks what was asked. False where the tool failed, after which nothing is answered.
bool ask_whole(const PlannerQuestion& question, TraceWriter& trace) {
  const json data = trace.call("I need to look at the whole picture.", {{"question", question.text}}, "describe_image");
  if (data.is_null()) return false;
  trace.answer(fmt::format("It says {}.", trace.said()), trace.said());
  return true;
}

void exist_relation(const PlannerQuestion& question, TraceWriter& trace) {
  if (trace.offers("describe_image") && ask_whole(question, trace)) return;
  trace.offers("detect_objects") ? relation(question, trace) : trace.give_up();
}

json mask_input(const PlannerQuestion& question) {
  json input = {{"object", question.subject.means_anything() ? "anything" : question.subject.singular}};
  if (!question.which.empty()) input["which"] = question.which;
  if (!question.relation.empty()) input.update({{"relation", question.relation}, {"anchor", question.reference.singular}});
  return input;
}

// Null where the tool failed.
json cut(const PlannerQuestion& question, TraceWriter& trace) {
  std::string what = question.subject.means_anything() ? "anything" : question.subject.singular;
  if (!question.which.empty()) what = question.which + " " + what;
  if (!question.relation.empty()) what += fmt::format(" {} {}", question.relation, question.reference.singular);
  return trace.call(fmt::format("I need to cut out {}.", what), mask_input(question), "segment_object");
}

// "12 % of the picture, top left" of one mask, "15 %" of several together: what the tool said last.
std::string share_in(const std::string& said) {
  constexpr std::string_view together = "together ";
  const std::size_t several = said.rfind(together);
  const std::size_t begin = several == std::string::npos ? said.rfind(": ") + 2 : several + together.size();
  return said.substr(begin, said.size() - 1 - begin);
}

std::string cut_words(const json& data, const TraceWriter& trace) {
  if (data.is_null()) return "unknown";
  const std::size_t count = data.at("masks").size();
  if (count == 0) return "nothing";
  const std::string share = share_in(trace.said());
  return count == 1 ? share : fmt::format("{} objects, together {} of the picture", count, share);
}

void cut_out(const PlannerQuestion& question, TraceWriter& trace) {
  const json data = cut(question, trace);
  if (data.is_null()) return trace.give_up();
  trace.answer("I tell what was cut out.", cut_words(data, trace));
}

void area(const PlannerQuestion& question, TraceWriter& trace) {
  const json data = cut(question, trace);
  if (data.is_null()) return trace.give_up();
  if (data.at("masks").empty()) return trace.answer("Nothing was cut out.", "0 %");
  const std::string share = share_in(trace.said());
  trace.answer("I tell how much it covers.", share.substr(0, share.find('%') + 1));
}

void describe_cut_out(const PlannerQuestion& question, TraceWriter& trace) {
  std::string told = description(trace);
  if (told.ends_with('.')) told.pop_back();
  const bool cuts = trace.offers("segment_object");
  const std::string mask = cuts ? "cut out: " + cut_words(cut(question, trace), trace) : no_segmenter_answer;
  trace.answer("I tell what was described and cut out.", told.empty() ? mask : told + "; " + mask);
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
                                                            {"cut_out", 5, cut_out},
                                                            {"area", 4, area},
                                                            {"mask_relation", 4, cut_out},
                                                            {"describe_cut_out", 4, describe_cut_out},
                                                            {"off_topic", 4, off_topic}}};

PlannerSkill draw_skill(Rng& rng) {
  int total = 0, skill = 0;
  for (const Skill& each : skills) total += each.weight;
  for (int draw = rng.between(0, total - 1); draw >= skills[static_cast<std::size_t>(skill)].weight; ++skill)
    draw -= skills[static_cast<std::size_t>(skill)].weight;
  return static_cast<PlannerSkill>(skill);
}

// As well as the tools on offer allow.
void write(const PlannerQuestion& question, TraceWriter& trace) {
  const bool describes = question.skill == PlannerSkill::describe || question.skill == PlannerSkill::describe_cut_out;
  if (asks_for_mask(question.skill) && !describes && !trace.offers("segment_object"))
    return trace.answer("There is no segment_object.", no_segmenter_answer);
  const bool refused = question.skill == PlannerSkill::off_topic;
  if (trace.offers("detect_objects") || describes || refused)
    return skills[static_cast<std::size_t>(question.skill)].write(question, trace);
  if (!ask_whole(question, trace)) trace.give_up();
}

}  // namespace

std::string_view name_of(PlannerSkill skill) { return skills[static_cast<std::size_t>(skill)].name; }

PlannerTrace make_planner_trace(std::uint64_t seed, std::uint64_t index, bool known_words_only) {
  Rng rng(seed, index);
  const PlannerSkill skill = draw_skill(rng);
  const PlannerQuestion question = make_planner_question(skill, known_words_only, rng);
  TraceWriter trace(question, invent_models(question, known_words_only, rng), known_words_only, rng);
  write(question, trace);
  return trace.take();
}

}  // namespace omma
