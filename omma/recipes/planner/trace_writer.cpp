#include "omma/recipes/planner/trace_writer.h"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <memory>
#include <span>

#include "omma/agent/react_prompt.h"
#include "omma/recipes/planner/invented_picture.h"
#include "omma/recipes/planner/made_up_words.h"

namespace omma {

namespace {

constexpr std::size_t max_observation_bytes = 2000;
constexpr double failure_chance = 0.05, second_failure_chance = 0.2;
constexpr std::array<std::string_view, 4> failures = {"the tool failed", "the tool failed", "out of memory", "no connection"};

}  // namespace

TraceWriter::TraceWriter(const PlannerQuestion& question, const PictureModels& models, bool known_words_only, Rng& rng)
    : tools_(picture_tools(models, std::make_shared<const Image>(invented_side, invented_side))),
      guard_(tools_),
      known_words_only_(known_words_only),
      rng_(rng) {
  trace_.skill = question.skill;
  trace_.question = question.text;
  trace_.models = models;
  trace_.text = react_prompt(question.text, tools_, AgentFormat::compact);
}

json TraceWriter::call(const std::string& thought, const json& input, const std::string& tool) {
  json data = attempt(thought, input, tool, failure_chance);
  return data.is_null() ? attempt("The tool failed. I try again.", input, tool, second_failure_chance) : data;
}

json TraceWriter::attempt(const std::string& thought, const json& input, const std::string& tool, double chance) {
  learn(fmt::format(" {}\nAction: {}\nAction Input: {}{}", thought, tool, dump_json(input), react_stop));
  trace_.text.resize(trace_.text.size() - react_stop.size());
  ReactStep step;
  step.action = tool;
  step.input = input;
  std::string error;
  const Tool* admitted = guard_.admit(step, error);
  if (admitted != nullptr && rng_.chance(chance)) error = failure();
  if (error.empty()) {
    const ToolResult result = admitted->run(input);
    said_ = observation_of(result, AgentFormat::compact, max_observation_bytes);
    trace_.text += react_observation(said_);
    return result.data;
  }
  if (admitted != nullptr) guard_.allow_again(step);
  trace_.text += react_observation(observation_of_error(error, max_observation_bytes));
  return nullptr;
}

// Whatever a tool may say.
std::string TraceWriter::failure() {
  if (known_words_only_ || rng_.chance(0.7)) return std::string(rng_.pick(std::span<const std::string_view>(failures)));
  return make_up_noun(rng_).singular + " " + make_up_noun(rng_).singular;
}

void TraceWriter::answer(const std::string& thought, const std::string& answer) {
  if (rng_.chance(0.03)) {
    trace_.text += react_forced_answer;
    learn(" " + answer);
  } else {
    learn(fmt::format(" {}\nFinal Answer: {}", thought, answer));
  }
  trace_.answer = answer;
}

void TraceWriter::learn(const std::string& text) {
  trace_.learned.emplace_back(trace_.text.size(), trace_.text.size() + text.size());
  trace_.text += text;
}

}  // namespace omma
