#include "omma/agent/react.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "omma/agent/ascii.h"
#include "omma/agent/call_guard.h"
#include "omma/agent/found_objects.h"
#include "omma/agent/observation.h"
#include "omma/agent/react_parser.h"
#include "omma/agent/react_prompt.h"
#include "omma/agent/thinking.h"
#include "omma/base/error.h"

namespace omma {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int max_strikes = 3;   // refused calls and unreadable steps before an answer is asked for
constexpr int answer_share = 5;  // the last fifth of the time is kept for the answer that is asked for when it is over
constexpr int forced_answer_tokens = 64;
constexpr std::size_t max_answer_bytes = 4000;

const std::vector<std::string> step_stops = {std::string(react_stop), "\nQuestion:"};

double seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000; }

// A reason to ask for the answer at once.
struct Limit {
  AgentEnd end = AgentEnd::max_steps;
  std::string words;
};

class Loop {
 public:
  Loop(LanguageModel& model, const Toolbox& tools, std::string_view question, const AgentOptions& options,
       const AgentObserver& observer)
      : model_(model),
        options_(options),
        observer_(observer),
        guard_(tools),
        deadline_(Clock::now() + options.max_time),
        steps_deadline_(deadline_ - options.max_time / answer_share),
        prompt_(react_prompt(question, tools, model.agent_format(), model.sees_picture())) {}

  AgentResult run() {
    try {
      while (!finished_) {
        const std::optional<Limit> limit = reached_limit();
        limit ? force_answer(*limit) : step();
      }
    } catch (const std::exception& error) {
      result_.stopped = AgentEnd::error;
      result_.reason = error.what();
      if (time_left() <= milliseconds(0)) result_.reason += "; " + time_limit().words;
    }
    return std::move(result_);
  }

 private:
  // One thought, and the action or the answer it leads to.
  void step() {
    const GeneratedText text =
        generate(std::min(options_.max_step_tokens, options_.max_tokens - result_.tokens), step_stops, steps_deadline_);
    ++generations_;
    if (text.end == GeneratedText::End::cancelled) return;  // in the middle: the answer is asked for
    AgentStep step;
    step.generated = text.text;
    ReactStep parsed = parse_react(step.generated);
    const bool cut = text.end == GeneratedText::End::length;
    if (parsed.answer) {
      if (!cut) return finish(step.generated, *parsed.answer, AgentEnd::answer, "");
      return finish(step.generated, *parsed.answer, AgentEnd::length, cut_words() + " in the answer");
    }
    if (cut && !parsed.fault.empty())
      parsed.fault = fmt::format("your text was cut after {} tokens; think less and write the action or the answer", asked_tokens_);
    step.thought = parsed.thought;
    step.action = parsed.action.value_or("");
    step.input = parsed.input;
    act(parsed, step);
    prompt_ += step.generated + react_observation(step.observation);
    result_.steps.push_back(std::move(step));
    if (observer_) observer_(result_.steps.back());
  }

  void act(const ReactStep& parsed, AgentStep& step) {
    std::string refusal;
    const Tool* tool = guard_.admit(parsed, refusal);
    if (tool == nullptr) {
      step.failed = true;
      step.observation = observation_of_refusal(refusal);
      return;
    }
    ToolOutcome outcome = call_tool(*tool, parsed.input, std::min(options_.max_tool_time, time_left()));
    if (outcome.timed_out) guard_.retire(*tool);
    step.failed = !outcome.error.empty();
    if (step.failed) guard_.allow_again(parsed);
    step.data = std::move(outcome.result.data);
    step.observation = step.failed ? observation_of_error(outcome.error, options_.max_observation_bytes)
                                   : observation_of(outcome.result, model_.agent_format(), options_.max_observation_bytes);
  }

  // What the model says next, without what it thinks and up to the loop's own words: a remote model may ignore the stop strings.
  GeneratedText generate(int max_tokens, std::vector<std::string> stop, Clock::time_point deadline) {
    GenerationOptions generation;
    generation.max_tokens = asked_tokens_ = max_tokens;
    generation.stop = std::move(stop);
    generation.deadline = deadline;
    GeneratedText text = model_.generate(prompt_, generation);
    result_.tokens += text.tokens;
    text.text = without_thinking(text.text);
    text.text = text.text.substr(0, text.text.find(react_stop));
    return text;
  }

  std::optional<Limit> reached_limit() const {
    if (generations_ >= options_.max_steps)
      return Limit{AgentEnd::max_steps, fmt::format("{} steps were not enough (--max-steps)", options_.max_steps)};
    if (result_.tokens >= options_.max_tokens)
      return Limit{AgentEnd::length, fmt::format("{} tokens were not enough", options_.max_tokens)};
    if (time_left() <= milliseconds(0)) return time_limit();
    if (guard_.strikes() >= max_strikes)
      return Limit{AgentEnd::max_steps, fmt::format("{} steps were repeated, refused or unreadable", guard_.strikes())};
    if (options_.cancelled && options_.cancelled()) return Limit{AgentEnd::max_steps, "cancelled"};
    return std::nullopt;
  }

  Limit time_limit() const {
    return {AgentEnd::max_seconds, fmt::format("{:g} s were not enough (--max-seconds)", seconds(options_.max_time))};
  }

  // The last word, whatever was found, in the time that was kept for it.
  void force_answer(const Limit& limit) {
    if (limit.words == "cancelled") return finish("", "", limit.end, limit.words);
    prompt_ += react_forced_answer;
    const bool compact = model_.agent_format() == AgentFormat::compact;  // an answer is a line
    const GeneratedText text =
        compact ? generate(forced_answer_tokens, {"\n"}, deadline_) : generate(options_.max_step_tokens, step_stops, deadline_);
    const bool cut = text.end == GeneratedText::End::length;
    finish(text.text, forced_answer_in(text.text), limit.end, limit.words + (cut ? "; " + cut_words() : ""));
  }

  // Asked to go on after "Final Answer:", chat models begin anew: a whole step, or the answer alone.
  static std::string forced_answer_in(const std::string& text) {
    const ReactStep parsed = parse_react(text);
    if (parsed.answer) return *parsed.answer;
    return parsed.thought.substr(0, parsed.thought.find('\n'));
  }

  std::string cut_words() const {
    return fmt::format("the model's text was cut after {} tokens (--llm-max-tokens)", asked_tokens_);
  }

  void finish(const std::string& text, const std::string& answer, AgentEnd end, const std::string& reason) {
    finished_ = true;
    result_.final_text = text;
    result_.answer = sanitise(trim(answer), max_answer_bytes);
    result_.stopped = end;
    result_.reason = reason;
    if (!result_.answer.empty() || reason == "cancelled") return;
    result_.stopped = AgentEnd::error;
    result_.reason = "the language model gave no answer" + (reason.empty() ? "" : ": " + reason);
  }

  // For steps.
  milliseconds time_left() const { return std::chrono::duration_cast<milliseconds>(steps_deadline_ - Clock::now()); }

  LanguageModel& model_;
  const AgentOptions& options_;
  const AgentObserver& observer_;
  CallGuard guard_;
  Clock::time_point deadline_;        // of the whole run
  Clock::time_point steps_deadline_;  // after it there is time for the answer only
  std::string prompt_;
  AgentResult result_;
  int generations_ = 0;
  int asked_tokens_ = 0;  // the limit of the last generation
  bool finished_ = false;
};

}  // namespace

std::string_view name_of(AgentEnd end) {
  static constexpr std::array<std::string_view, 5> names = {"answer", "max_steps", "max_seconds", "length", "error"};
  return names.at(static_cast<std::size_t>(end));
}

json to_json(const AgentResult& result) {
  json steps = json::array();
  for (const AgentStep& step : result.steps) {
    json line = {{"thought", step.thought}, {"action", step.action}, {"input", step.input}, {"observation", step.observation}};
    if (const json boxes = boxes_of(step); !boxes.is_null()) line["boxes"] = boxes;
    if (const json masks = masks_of(step); !masks.is_null()) line["masks"] = masks;
    if (step.data.is_object() && step.data.contains("time")) line["time"] = step.data["time"];
    steps.push_back(std::move(line));
  }
  json object = {{"answer", result.answer}, {"steps", steps}, {"stopped", name_of(result.stopped)}};
  if (!result.reason.empty()) object["reason"] = result.reason;
  return object;
}

AgentResult run_agent(LanguageModel& model, const Toolbox& tools, std::string_view question, const AgentOptions& options,
                      const AgentObserver& observer) {
  check(!sanitise_line(question, 4000).empty(), "agent: expected a question");
  check(options.max_steps >= 0 && options.max_steps <= 1000, "agent: max_steps: expected 0 to 1000, got {}", options.max_steps);
  check(options.max_tokens >= 1 && options.max_step_tokens >= 1, "agent: expected at least one token a step and in all");
  check(options.max_observation_bytes >= 100, "agent: max_observation_bytes: expected at least 100, got {}",
        options.max_observation_bytes);
  return Loop(model, tools, question, options, observer).run();
}

}  // namespace omma
